//! `doorward shadow`: the rehearsal. This process proxies the old backend, sends a copy of each request to
//! Doorward and reports where the responses differ. `DATABASE_URL` is ignored, because it may be the
//! production database.

mod kept;
mod shown;
mod suggest;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use tokio::time::timeout;

use super::serve::dev_folder::DevFolder;
use super::serve::{apply_migrations, listen, signals::Signals};
use super::sources::{self, SourceArgs};
use super::terminal::note;
use super::{Exit, Failure, failed};
use crate::accept::limits::Limits;
use crate::app::{App, reserved};
use crate::clock::Clock;
use crate::config::{AuthorityFile, Settings};
use crate::crypto::Random;
use crate::db::Database;
use crate::shadow::{Difference, Findings, OldBackend, Shadow};

/// How often the report is written if it has changed.
const WRITTEN: Duration = Duration::from_secs(5);
/// How long the queued copies may take at the end.
const LAST_COPIES: Duration = Duration::from_secs(20);
/// The proxy never cuts off the old backend's responses or uploads to it.
const NEVER: Duration = Duration::from_hours(24);

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct ShadowArgs {
    #[command(subcommand)]
    command: Option<ShadowCommand>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// The old backend: http://… or https://…
    #[arg(long, value_name = "URL", required = true)]
    upstream: Option<String>,
    /// Listen on this address [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Listen on this port [default: 8000]
    #[arg(long)]
    port: Option<u16>,
    /// Use this database for Doorward instead of .doorward/shadow.db; it is modified
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Write the report here
    #[arg(long, value_name = "FILE", default_value = kept::DEFAULT)]
    report: PathBuf,
    /// Forward the client's Host header to the old backend instead of setting the backend's own
    #[arg(long)]
    keep_host: bool,
    /// Trust these certificate authorities for an https upstream (PEM)
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Kinds of differences to ignore, such as ids,times
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    accept: Vec<String>,
    /// Exit with 1 if responses differ
    #[arg(long)]
    fail_on_difference: bool,
}

#[derive(Debug, Subcommand)]
enum ShadowCommand {
    /// Show a report as a table
    Report {
        /// The report
        #[arg(default_value = kept::DEFAULT)]
        file: PathBuf,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        /// Kinds of differences to ignore, such as ids,times
        #[arg(long, value_name = "KINDS", value_delimiter = ',')]
        accept: Vec<String>,
        /// Exit with 1 if responses differ
        #[arg(long)]
        fail_on_difference: bool,
    },
    /// Print the dialect that makes the responses equal, and the differences that no dialect can map
    Suggest {
        /// The report
        #[arg(default_value = kept::DEFAULT)]
        file: PathBuf,
        /// Write it into this file, such as doorward.toml, replacing its dialect
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
    },
}

pub(super) async fn run(args: ShadowArgs, from: &SourceArgs) -> Exit {
    match args.command {
        None => rehearse(args.run, from).await,
        Some(ShadowCommand::Report { file, json, accept, fail_on_difference }) => {
            check_kinds(&accept)?;
            let findings = kept::read(&file)?;
            if json {
                super::output_json(&serde_json::to_value(&findings).map_err(failed)?)?;
            } else {
                super::output(&shown::report(&findings, &accept))?;
            }
            verdict(&findings, &accept, fail_on_difference)
        }
        Some(ShadowCommand::Suggest { file, write }) => suggest::run(&file, write.as_deref()),
    }
}

/// The valid kinds; a typo would silently accept nothing.
fn check_kinds(kinds: &[String]) -> Exit {
    let known = Difference::KINDS;
    match kinds.iter().find(|kind| !known.contains(&kind.as_str())) {
        None => Ok(()),
        Some(kind) => {
            let all = known.join(", ");
            Err(Failure::Usage(format!(
                "--accept has the unknown kind {kind:?}. The kinds are {all}."
            )))
        }
    }
}

async fn rehearse(args: RunArgs, from: &SourceArgs) -> Exit {
    check_kinds(&args.accept)?;
    let folder = DevFolder::open()?;
    let settings = settings(&args, from, &folder)?;
    kept::check(&args.report)?;
    let upstream = args.upstream.clone().unwrap_or_default();
    let authorities = args.ca_file.as_deref().map(AuthorityFile::open).transpose();
    let authorities = authorities.map_err(|why| Failure::Usage(format!("--ca-file {why}.")))?;
    let listener = listen::bind(&settings).await?;
    apply_migrations(&settings).await?;
    let db = Database::open(&settings.database).await.map_err(failed)?;
    let app = App::new(settings, db.clone(), Clock::system(), Random::system());
    let reporter = |route: &str, one: &Difference| {
        let mapped = if one.mapped { " (handled by the suggested dialect)" } else { "" };
        note(&format!("{route}: {}{mapped}", one.sentence()));
    };
    let settings = app.settings.clone();
    let old = OldBackend {
        url: &upstream,
        keeps_host: args.keep_host,
        authorities: authorities.as_ref(),
    };
    let made = Shadow::new(&old, app, Box::new(reporter));
    let (shadow, work) = made.map_err(|error| Failure::Usage(format!("--upstream: {error}.")))?;
    let following = tokio::spawn(work);
    let writing = tokio::spawn(write_often(shadow.clone(), args.report.clone()));
    let signals = Signals::listen().map_err(failed)?;
    note(&welcome(&listen::url(&listener), &settings, &args.report));
    let limits = limits(&settings);
    let never = std::future::pending();
    let outcome = listen::serve(listener, shadow.clone(), limits, signals, never).await;
    shadow.close();
    if timeout(LAST_COPIES, following).await.is_err() {
        note("Some copies were still queued and are not in the report.");
    }
    writing.abort();
    db.close().await;
    let findings = shadow.found();
    kept::write(&args.report, &findings)?;
    super::output(&shown::report(&findings, &args.accept))?;
    outcome?;
    verdict(&findings, &args.accept, args.fail_on_difference)
}

fn verdict(findings: &Findings, accepted: &[String], fails: bool) -> Exit {
    match findings.differing(accepted) {
        0 => Ok(()),
        _ if !fails => Ok(()),
        1 => Err(failed("1 response differed")),
        calls => Err(failed(format!("{calls} responses differed"))),
    }
}

fn settings(args: &RunArgs, from: &SourceArgs, folder: &DevFolder) -> Result<Settings, Failure> {
    let mut gathered = from.gather();
    if args.database_url.is_none() && gathered.has("DATABASE_URL") {
        note(
            "DATABASE_URL is ignored: a rehearsal writes to its database, so it uses .doorward/shadow.db unless \
                you pass --database-url.",
        );
    }
    gathered.ignore("DATABASE_URL");
    gathered.ignore("DATABASE_URL_UNPOOLED");
    gathered.fall_back("DATABASE_URL", folder.rehearsal_url(), "shadow");
    gathered.flag("DATABASE_URL", "--database-url", args.database_url.clone());
    gathered.flag("HOST", "--host", args.host.map(|host| host.to_string()));
    gathered.flag("PORT", "--port", args.port.map(|port| port.to_string()));
    if !gathered.has("BETTER_AUTH_SECRET") {
        gathered.fall_back("BETTER_AUTH_SECRET", folder.secret()?, "shadow");
    }
    gathered.fall_back("RUST_LOG", "warn".into(), "shadow");
    let mut settings = sources::server_settings(gathered.resolve(&reserved()))?;
    // All clients may share one address here, and a 429 would say nothing about the responses.
    settings.rate_limit_login = None;
    settings.rate_limit_register = None;
    settings.rate_limit_refresh = None;
    settings.rate_limit_auth = None;
    settings.rate_limit_api = None;
    settings.rate_limit_introspect = None;
    settings.rate_limit_api_key = None;
    settings.redis_url = None;
    // Nothing delivers mails in this process, and the addresses belong to real people.
    settings.smtp_url = None;
    settings.mail_folder = None;
    settings.rehearses_mail = true;
    Ok(settings)
}

fn limits(settings: &Settings) -> Limits {
    let limits = listen::limits(settings);
    Limits { body: NEVER, exchange: NEVER, connections_per_client: limits.connections, ..limits }
}

async fn write_often(shadow: Shadow, file: PathBuf) {
    let mut written = 0;
    loop {
        tokio::time::sleep(WRITTEN).await;
        let findings = shadow.found();
        let calls = findings.calls();
        if calls == written {
            continue;
        }
        written = calls;
        let path = file.clone();
        let done = tokio::task::spawn_blocking(move || kept::write(&path, &findings)).await;
        if !matches!(done, Ok(Ok(()))) {
            tracing::warn!(file = %file.display(), "the report cannot be written");
        }
    }
}

fn welcome(url: &str, settings: &Settings, report: &Path) -> String {
    format!(
        "
The rehearsal is running: send your front end to {url}.
Clients get the old backend's responses; a copy of each request goes to Doorward.

  Doorward's data  {}
  Report           {}

Stop with Ctrl-C. Then `doorward shadow suggest` prints the dialect that makes the responses equal.
",
        settings.database,
        report.display(),
    )
}
