//! `doorward config`: the settings, their origins, and what is wrong with them. Shows no part of any secret.

use clap::{Args, Subcommand};
use serde_json::json;

use super::sources::SourceArgs;
use super::terminal::table;
use super::{Exit, Failure, terminal};
use crate::app::{App, reserved};
use crate::clock::Clock;
use crate::config::{self, DatabaseUrl, Settings, Shown};
use crate::crypto::Random;
use crate::db::Database;
use crate::keys::Survey;
use crate::schema::Schema;

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the configuration as `serve` would and report all problems
    ///
    /// Reads the settings, the files they refer to and a SQLite database, but connects to no other machine.
    /// Stricter than `serve`: invalid lines of .env and unknown targets in `RUST_LOG` are problems too.
    /// `doorward doctor` checks everything.
    Check {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// Only check the settings, not even the SQLite database
        #[arg(long, conflicts_with = "connect")]
        offline: bool,
        /// Also connect to PostgreSQL and check the tables and the signing key
        #[arg(long)]
        connect: bool,
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

pub(super) async fn run(args: &ConfigArgs, sources: &SourceArgs) -> Exit {
    match args.command {
        ConfigCommand::Check { json, offline, connect } => {
            check(sources, json, Reach { file: !offline, server: connect }).await
        }
        ConfigCommand::Print { json } => print(sources, json),
        ConfigCommand::Docs { env_example: true } => super::output(&config::env_example()),
        ConfigCommand::Docs { env_example: false } => super::output(&config::reference()),
    }
}

/// The databases to check.
#[derive(Clone, Copy)]
struct Reach {
    file: bool,
    server: bool,
}

impl Reach {
    fn includes(self, url: &DatabaseUrl) -> bool {
        match url {
            DatabaseUrl::Sqlite(_) => self.file,
            DatabaseUrl::Postgres(_) => self.server,
        }
    }
}

async fn check(sources: &SourceArgs, json: bool, reach: Reach) -> Exit {
    let resolved = sources.gather().strict().resolve(&reserved());
    let mut survey = Survey { warnings: resolved.warnings().to_vec(), ..Survey::default() };
    let problems = match resolved.settings() {
        Err(problems) => problems,
        Ok(settings) if settings.lacks_mail().is_some() => {
            settings.lacks_mail().into_iter().map(str::to_owned).collect()
        }
        Ok(settings) if !reach.includes(&settings.database) => Vec::new(),
        Ok(settings) => around(settings, &mut survey).await,
    };
    let ok = problems.is_empty();
    if json {
        let document = json!({
            "ok": ok, "problems": problems, "warnings": survey.warnings, "notes": survey.notes,
        });
        super::output_json(&document)?;
        return if ok { Ok(()) } else { Err(Failure::Configuration(Vec::new())) };
    }
    for warning in &survey.warnings {
        terminal::warn(warning);
    }
    for note in &survey.notes {
        terminal::note(note);
    }
    if !ok {
        return Err(Failure::Configuration(problems));
    }
    eprintln!("The configuration is valid.");
    Ok(())
}

/// What a server with these settings would find: its database, the tables, a signing key.
async fn around(settings: Settings, survey: &mut Survey) -> Vec<String> {
    let url = settings.database.clone();
    if let DatabaseUrl::Sqlite(path) = &url
        && !path.exists()
    {
        let path = path.display();
        survey
            .warnings
            .push(format!("{path} does not exist yet: `doorward db migrate` creates it."));
        return Vec::new();
    }
    let db = match Database::open(&url).await {
        Ok(db) => db,
        Err(error) => return vec![sentence(&error)],
    };
    match db.schema().await {
        Ok(Schema::Current) => {}
        Ok(Schema::Behind) => {
            return vec![format!("Migrations are pending on {url}: run `doorward db migrate`.")];
        }
        Ok(Schema::Unfit(unfit)) => return vec![format!("{url} {unfit}")],
        Err(error) => return vec![sentence(&error)],
    }
    let app = App::new(settings, db, Clock::system(), Random::system());
    match app.keys.survey_foreign().await {
        Ok(found) => {
            survey.notes.extend(found.notes.into_iter().chain(found.refused));
            survey.warnings.extend(found.warnings);
        }
        Err(error) => return vec![sentence(&error)],
    }
    match app.signing_keys().trouble().await {
        Ok(trouble) => trouble.into_iter().collect(),
        Err(error) => vec![sentence(&error)],
    }
}

fn sentence(error: &dyn std::fmt::Display) -> String {
    format!("{}.", error.to_string().trim_end_matches('.'))
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

/// The value is last, since it may be long.
fn lines(values: &[Shown]) -> String {
    let row = |shown: &Shown| {
        vec![shown.name.into(), shown.origin.clone(), shown.value.clone().unwrap_or_default()]
    };
    table(&["SETTING", "FROM", "VALUE"], values.iter().map(row))
}
