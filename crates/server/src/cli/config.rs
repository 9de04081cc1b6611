//! `doorward config`: what the settings are, where each came from, and what is wrong with them.
//! Shows no character of any secret.

use std::fmt::Write;

use clap::{Args, Subcommand};
use serde_json::json;

use super::sources::SourceArgs;
use super::{Exit, Failure};
use crate::config::{self, Shown};

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the settings as `serve` would, and report every problem at once
    Check {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print every setting, its value and where it came from, with secrets masked
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
    let resolved = sources.gather().resolve();
    let problems = resolved.problems();
    if json {
        let ok = problems.is_empty();
        let document = json!({"ok": ok, "problems": problems, "warnings": resolved.warnings()});
        super::output_json(&document)?;
        return if ok { Ok(()) } else { Err(Failure::Configuration(Vec::new())) };
    }
    super::sources::settings(resolved)?;
    eprintln!("The configuration is good.");
    Ok(())
}

fn print(sources: &SourceArgs, json: bool) -> Exit {
    let resolved = sources.gather().resolve();
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
    super::output(&table(resolved.values()))?;
    super::sources::settings(resolved).map(|_| ())
}

fn table(values: &[Shown]) -> String {
    let text = |shown: &Shown| shown.value.clone().unwrap_or_else(|| "-".into());
    let names = values.iter().map(|shown| shown.name.len()).max().unwrap_or(0);
    let texts = values.iter().map(|shown| text(shown).chars().count()).max().unwrap_or(0).min(60);
    let mut out = String::new();
    for shown in values {
        let _ = writeln!(out, "{:names$}  {:texts$}  {}", shown.name, text(shown), shown.origin);
    }
    out
}
