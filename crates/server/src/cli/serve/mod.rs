//! `doorward serve`: the production server. It never creates tables unless told to, and never generates a
//! secret; it names what is missing, with the command that adds it.

mod asker;
pub(in crate::cli) mod dev;
pub(in crate::cli) mod dev_folder;
pub(in crate::cli) mod health;
pub(in crate::cli) mod listen;
mod reread;
pub(in crate::cli) mod signals;
pub(in crate::cli) mod supervisor;

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::sources::{self, SourceArgs};
use crate::app::{App, reserved};
use crate::cli::terminal::note;
use crate::cli::{Exit, Failure, failed, log};
use crate::clock::Clock;
use crate::config::{DatabaseUrl, Settings};
use crate::crypto::Random;
use crate::db::Database;
use crate::schema::migrate::Migrator;
use crate::schema::{MIGRATIONS, MigrateError, Object, Schema, Unfit};
use crate::sql::DbError;
use signals::Signals;

/// How long mails in delivery may take after the server has stopped.
const LAST_MAILS: Duration = Duration::from_secs(5);

/// How long an unreachable database is retried.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(250);
/// How long a stopping server keeps storing audit records.
const LAST_RECORDS: Duration = Duration::from_secs(5);
/// How long a starting server waits for the count of hash kinds; with many accounts, counting continues while
/// it serves.
const FIRST_COUNT: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(in crate::cli) struct ServeArgs {
    /// Listen on this address [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<IpAddr>,
    /// Listen on this port [default: 8000]
    #[arg(long)]
    port: Option<u16>,
    /// Apply pending migrations first
    #[arg(long)]
    migrate: bool,
    /// Keep running and answer 503 until the database is reachable, instead of giving up after 10 seconds
    #[arg(long)]
    wait: bool,
}

pub(in crate::cli) async fn run(args: ServeArgs, from: &SourceArgs) -> Exit {
    let mut gathered = from.gather();
    gathered.flag("HOST", "--host", args.host.map(|host| host.to_string()));
    gathered.flag("PORT", "--port", args.port.map(|port| port.to_string()));
    let settings = sources::server_settings(gathered.resolve(&reserved()))?;
    if let Some(sentence) = settings.lacks_mail() {
        return Err(Failure::Usage(sentence.into()));
    }
    refuse_missing_file(&settings, args.migrate)?;
    let db = Database::open_lazily(&settings.database).await.map_err(failed)?;
    // Before the first connection, which counts too.
    App::watch(&settings, &db, &Clock::system());
    if !args.wait {
        prepare(&settings, &db, args.migrate, Some(PATIENCE)).await?;
    }
    let listener = listen::bind(&settings).await?;
    let preparing = (args.wait, settings.clone(), db.clone());
    let serving = serving(&listener);
    let trouble = Box::pin(async move {
        let (wait, settings, db) = preparing;
        if wait {
            if let Err(failure) = prepare(&settings, &db, args.migrate, None).await {
                return failure;
            }
            supervisor::status(&serving).await;
        }
        std::future::pending().await
    });
    run_app(settings, db, listener, trouble, announce).await
}

/// Opening a missing SQLite file would create an empty one.
fn refuse_missing_file(settings: &Settings, migrate: bool) -> Exit {
    match &settings.database {
        DatabaseUrl::Sqlite(path) if !migrate && !path.exists() => {
            Err(Failure::configuration(format!(
                "{} does not exist: create it with `doorward db migrate`, or start with --migrate.",
                path.display()
            )))
        }
        _ => Ok(()),
    }
}

/// Waits for the database, applies migrations if told to, and rejects an unsuitable one.
async fn prepare(
    settings: &Settings,
    db: &Database,
    migrate: bool,
    patience: Option<Duration>,
) -> Exit {
    match reach(settings, db, patience).await? {
        Schema::Current => {
            if let Ok(Some(newest)) = db.newer().await {
                log::say(settings, &newer(settings, newest));
            }
            Ok(())
        }
        Schema::Unfit(Unfit::ReadOnly) => {
            Err(failed(format!("{} {}", settings.database, Unfit::ReadOnly)))
        }
        Schema::Unfit(unfit) => {
            Err(Failure::configuration(format!("{} {unfit}", settings.database)))
        }
        Schema::Behind if migrate => {
            apply_migrations(settings).await?;
            Box::pin(prepare(settings, db, false, patience)).await
        }
        Schema::Behind => Err(Failure::configuration(format!(
            "Migrations are pending on {}: run `doorward db migrate`, or start with --migrate.",
            settings.database
        ))),
    }
}

/// The status of a working server, for the supervisor.
fn serving(listener: &TcpListener) -> String {
    format!("Serving at {}", listen::url(listener))
}

/// During a rollout both exist for a while: the new version's migrations, and servers of the old one.
fn newer(settings: &Settings, newest: i64) -> String {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    format!(
        "{} is at migration {newest}, newer than this binary's {known}. It serves anyway, as during a rollout; \
            start the newer version soon.",
        settings.database
    )
}

/// The state of the schema, once the database responds.
async fn reach(
    settings: &Settings,
    db: &Database,
    patience: Option<Duration>,
) -> Result<Schema, Failure> {
    let deadline = patience.map(|patience| Instant::now() + patience);
    let mut reported = String::new();
    loop {
        let attempt = match deadline {
            None => db.schema().await,
            Some(deadline) => timeout_at(deadline, db.schema())
                .await
                .unwrap_or_else(|_| Err(DbError::Away("no answer".into()))),
        };
        let why = match attempt {
            // A standby may be promoted while we wait.
            Ok(Schema::Unfit(Unfit::ReadOnly)) if deadline.is_none() => Unfit::ReadOnly.to_string(),
            Ok(schema) => return Ok(schema),
            Err(DbError::NotAdmitted(why)) if deadline.is_some() => return Err(failed(why)),
            Err(DbError::Away(why) | DbError::NotAdmitted(why)) => why,
            Err(error) => return Err(failed(format!("{}: {error}", settings.database))),
        };
        if deadline.is_some_and(|deadline| Instant::now() + BETWEEN_TRIES >= deadline) {
            return Err(away(settings, &why));
        }
        if reported != why {
            supervisor::status(&format!("Waiting for {}: {why}", settings.database)).await;
            reported = why;
        }
        sleep(BETWEEN_TRIES).await;
    }
}

fn away(settings: &Settings, why: &str) -> Failure {
    let (database, seconds) = (&settings.database, PATIENCE.as_secs());
    failed(format!("Gave up waiting for {database} after {seconds} s. Last error: {why}"))
}

/// Applies all pending migrations, and lists the tables they create.
pub(in crate::cli) async fn apply_migrations(settings: &Settings) -> Exit {
    let applied = Migrator::of(settings).on_wait(note).up(None, &mut |_| {}).await;
    let applied = applied.map_err(|error| match error {
        MigrateError::NeedsAdministrator { .. }
        | MigrateError::Misconfigured(_)
        | MigrateError::Edited(_) => Failure::configuration(error.to_string()),
        error => failed(format!("The migrations of {} failed: {error}", settings.database)),
    })?;
    for change in applied.migrations.iter().flat_map(|done| &done.changes) {
        let Object { kind, name, .. } = &change.object;
        if kind == "table" || kind == "view" {
            let action = if change.action == "created" { "Created" } else { "Dropped" };
            log::say(settings, &format!("{action} {kind} {name}"));
        }
    }
    Ok(())
}

fn announce(settings: &Settings, url: &str) {
    log::say(settings, &format!("Listening on {url}"));
}

/// Without a signing key, no user could sign in.
async fn refuse_without_key(app: &App) -> Exit {
    match app.signing_keys().trouble().await {
        Ok(Some(trouble)) => Err(Failure::configuration(trouble)),
        // With --wait the database may not be up yet.
        Ok(None) | Err(_) => Ok(()),
    }
}

/// Serves the application until a signal, or until `trouble` ends, which is then the result. It is announced
/// once a signal can stop it cleanly.
pub(in crate::cli) async fn run_app(
    settings: Settings,
    db: Database,
    listener: TcpListener,
    trouble: impl Future<Output = Failure>,
    announce: impl FnOnce(&Settings, &str),
) -> Exit {
    let app = App::new(settings, db.clone(), Clock::system(), Random::system());
    refuse_without_key(&app).await?;
    if !app.settings.previous_secrets.is_empty() {
        let factors = app.factors();
        tokio::spawn(async move {
            match factors.reseal().await {
                Ok(0) => {}
                Ok(resealed) => {
                    tracing::info!(
                        resealed,
                        "second factors are encrypted with the current secret"
                    );
                }
                Err(error) => tracing::warn!(%error, "second factors could not be re-encrypted"),
            }
        });
    }
    if let Some(counting) = app.passwords.count_kinds() {
        let _ = timeout(FIRST_COUNT, counting).await;
    }
    let delivery = app.delivery(log::say).map_err(Failure::configuration)?;
    let delivering = delivery.map(|delivery| (tokio::spawn(delivery.clone().run()), delivery));
    tracing::info!("Argon2id hashes are computed by kernel {}", app.passwords.hashing.kernel());
    let router = app.router();
    let metrics = listen::metrics(&app).await?;
    let status = serving(&listener);
    let (of_app, letters) =
        (app.clone(), delivering.as_ref().map(|(_, delivery)| delivery.clone()));
    let again = status.clone();
    let signals = Signals::listen().map_err(failed)?.at_hangup(Box::new(move || {
        Box::pin(reread::reread(of_app.clone(), letters.clone(), again.clone()))
    }));
    announce(&app.settings, &listen::url(&listener));
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        engine = db.engine_name(),
        schema = MIGRATIONS.last().map(|newest| newest.version),
        address = listen::url(&listener),
        metrics = app.settings.metrics_listen.map(tracing::field::display),
        "started"
    );
    let watched = listener.local_addr().map(listen::reachable).map_err(failed)?;
    let limits = listen::limits(&app.settings);
    supervisor::ready(&status).await;
    let alive = tokio::spawn(supervisor::keep_alive(watched));
    let outcome = listen::serve(listener, router, limits, signals, trouble).await;
    alive.abort();
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    if let Some((mut delivering, delivery)) = delivering {
        delivery.stop();
        if timeout(LAST_MAILS, &mut delivering).await.is_err() {
            delivering.abort();
            let _ = delivering.await;
            let _ = timeout(LAST_RECORDS, delivery.give_back()).await;
        }
    }
    // The last records are still on their way to the audit log.
    let _ = timeout(LAST_RECORDS, app.audit.flush()).await;
    db.close().await;
    outcome
}
