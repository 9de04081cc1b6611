//! `doorward doctor`: checks the configured deployment and says what to do about each problem. Changes
//! nothing, prints no secrets, and ends within its deadlines even if something hangs. Independent checks run
//! concurrently; hashing is measured last, when the machine is idle.

mod database;
mod files;
mod finding;
mod machine;
mod network;
mod patient;
mod proxy;
mod report;
mod secrets;
mod settings;
mod web;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::time::Instant;

use super::sources::SourceArgs;
use super::terminal::speak_to_program;
use super::{Exit, Failure, output, output_json};
use crate::clock::Clock;
use crate::config::{DatabaseUrl, Settings};
use crate::crypto::Random;
use crate::db::Database;
use finding::{CheckName, Finding, Health};
use patient::Patient;
use report::Marks;

/// The deadline for everything, as a number of check timeouts.
const IN_A_ROW: u32 = 4;

/// Check the whole setup (database, keys, proxies, mail, this machine) and suggest a fix for each problem
///
/// Run it where the server runs, as the user it runs as. It changes nothing and prints no secret. Exits with 1 if a
/// check failed; a warning is no failure unless --strict says so.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Use this database instead of `DATABASE_URL`
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Print a JSON list of {check, status, detail, next} on stdout
    #[arg(long)]
    json: bool,
    /// Treat warnings as failures
    #[arg(long)]
    strict: bool,
    /// How many seconds each check may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
    /// Trust the authorities in this PEM file too, where `PUBLIC_URL` has a certificate of your own authority
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Runs `doorward doctor`.
pub(super) async fn run(args: DoctorArgs, sources: &SourceArgs) -> Exit {
    speak_to_program(args.json);
    let began = Instant::now();
    let limit = Duration::from_secs(args.timeout);
    let authorities = args.ca_file.as_deref().map(web::authorities).transpose();
    let authorities = authorities.map_err(Failure::Usage)?.unwrap_or_default();
    let read = settings::read(sources, args.database_url.clone());
    let mut findings = read.findings;
    match read.settings {
        None => findings.push(CheckName("database.reach").skipped(
            "Nothing else was checked, because the server does not start with these settings",
        )),
        Some(settings) => {
            let patient = Patient {
                settings: Arc::new(settings),
                secret_files: read.secret_files.into(),
                clock: Clock::system(),
                random: Random::system(),
                authorities: authorities.into(),
                limit,
                until: began + limit * IN_A_ROW,
            };
            findings.extend(Box::pin(examine(&patient)).await);
        }
    }
    if args.json {
        let list = serde_json::to_value(&findings).map_err(super::failed)?;
        output_json(&list)?;
    } else {
        output(&report::text(&findings, Marks::of_stdout(), began.elapsed()))?;
    }
    verdict(&findings, args.strict)
}

async fn examine(patient: &Patient) -> Vec<Finding> {
    let (mut all, secrets, network, proxy) = tokio::join!(
        database::examine(patient),
        secrets::examine(patient),
        network::examine(patient),
        proxy::examine(patient),
    );
    for group in [secrets, proxy, network] {
        all.extend(group);
    }
    all.extend(machine::examine(patient).await);
    tidy(patient).await;
    all
}

/// The last of the checks' SQLite connections to close may be read-only, which leaves the files of the
/// write-ahead log behind.
async fn tidy(patient: &Patient) {
    let database = &patient.settings.database;
    if let DatabaseUrl::Sqlite(path) = database
        && files::has_log(path)
        && let Ok(db) = Database::open_lazily(database).await
    {
        db.close().await;
    }
}

fn verdict(findings: &[Finding], strict: bool) -> Exit {
    let counts = |status| findings.iter().filter(|finding| finding.status == status).count();
    let (failed, warnings) = (counts(Health::Failed), counts(Health::Warning));
    let said = |count: usize, what: &str| match count {
        1 => format!("1 check {what}."),
        count => format!("{count} checks {what}."),
    };
    match (failed, warnings) {
        (0, 0) => Ok(()),
        (0, _) if !strict => Ok(()),
        (0, warnings) => {
            Err(Failure::Failed(said(warnings, "warned, which is a failure with --strict")))
        }
        (failed, _) => Err(Failure::Failed(said(failed, "failed"))),
    }
}

/// Whether the server is configured to be reached from other machines.
fn is_public(settings: &Settings) -> bool {
    settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}
