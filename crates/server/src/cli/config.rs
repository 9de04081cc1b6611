//! `doorward config`: what the settings are, where each came from, and what is wrong with them.
//! Shows no character of any secret.

use clap::{Args, Subcommand};
use serde_json::json;

use super::sources::SourceArgs;
use super::table::table;
use super::{Exit, Failure};
use crate::app::reserved;
use crate::config::{self, Shown};

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the configuration as `serve` would and report all problems
    Check {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print all settings with their values and origins; secrets are masked
    Print {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print docs/configuration.md
    #[command(hide = true)]
    Docs {
        /// Print .env.example instead
        #[arg(long)]
        env_example: bool,
    },
}

pub(super) fn run(args: &ConfigArgs, sources: &SourceArgs) -> Exit {
    match args.command {
        ConfigCommand::Check { json } => check(sources, json),
        ConfigCommand::Print { json } => print(sources, json),
        ConfigCommand::Docs { env_example: true } => super::output(&config::env_example()),
        ConfigCommand::Docs { env_example: false } => super::output(&config::reference()),
    }
}

fn check(sources: &SourceArgs, json: bool) -> Exit {
    let resolved = sources.gather().resolve(&reserved());
    let problems = resolved.problems();
    if json {
        let ok = problems.is_empty();
        let document = json!({"ok": ok, "problems": problems, "warnings": resolved.warnings()});
        super::output_json(&document)?;
        return if ok { Ok(()) } else { Err(Failure::Configuration(Vec::new())) };
    }
    super::sources::settings(resolved)?;
    eprintln!("The configuration is valid.");
    Ok(())
}

fn print(sources: &SourceArgs, json: bool) -> Exit {
    let resolved = sources.gather().resolve(&reserved());
    if json {
        let document = json!({
            "settings": resolved.values(),
            "problems": resolved.problems(),
            "warnings": resolved.warnings(),
        });
        super::output_json(&document)?;
        let ok = resolved.problems().is_empty();
        return if ok { Ok(()) } else { Err(Failure::Configuration(Vec::new())) };
    }
    super::output(&lines(resolved.values()))?;
    super::sources::settings(resolved).map(|_| ())
}

/// The value last, since it may be long.
fn lines(values: &[Shown]) -> String {
    let row = |shown: &Shown| {
        vec![shown.name.into(), shown.origin.clone(), shown.value.clone().unwrap_or_default()]
    };
    table(&["SETTING", "FROM", "VALUE"], values.iter().map(row))
}
