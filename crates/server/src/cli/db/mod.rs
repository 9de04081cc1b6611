//! `doorward db`: creates, reverts, lists and verifies the tables. The results go to stdout, object by
//! object; with `--json` as one document. Needs no secret, only the database.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

mod backup;
mod repair;
pub(super) mod report;
mod rls_sql;
mod verify;
mod wait;

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::OperatorArgs;
use super::sources::SourceArgs;
use crate::cli::terminal::note;
use crate::cli::{Exit, Failure, failed};
use crate::schema::migrate::{Done, Loss, Migrator};
use crate::schema::{
    Direction, Engine, MIGRATIONS, MigrateError, SchemaStep, State, downward, granting, offline,
    upward,
};
use report::say;

/// Creates, changes, lists and verifies the tables.
#[derive(Debug, Args)]
pub(in crate::cli) struct DbArgs {
    #[command(subcommand)]
    command: DbCommand,
    #[command(flatten)]
    operator: OperatorArgs,
    /// How long to wait for another migration run or for a locked table
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    lock_timeout: u64,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DbCommand {
    /// Apply all pending migrations
    ///
    /// Each migration and its row in doorward_migrations are one transaction. If a run is interrupted,
    /// run it again. Two runs at the same time wait for each other.
    Migrate(MigrateArgs),
    /// Roll back the newest migration, or all that are newer than --to
    ///
    /// Drops tables with their data. Stops if a table still has rows, and says how many, unless --yes is
    /// given.
    Rollback(RollbackArgs),
    /// Show which migrations are applied and which are pending
    Status(StatusArgs),
    /// Check that the schema matches the migrations and that users cannot read each other's rows
    ///
    /// Prints each statement it runs and the database's answer: tables, columns, types, indexes,
    /// foreign keys, row-level security. Reports each difference and then exits with 1. Changes
    /// nothing.
    Verify,
    /// Restore missing row-level security (as after restoring a dump), indexes and triggers
    ///
    /// A dump does not contain the role that row-level security depends on. If the role is missing, a restored
    /// view has the wrong owner. This command restores the role, the view's owner, the policy and the grants as
    /// the migrations create them, and missing indexes, triggers and constraints, in one transaction. It keeps
    /// all data, reports what it did, and does nothing if nothing is missing.
    Repair(repair::RepairArgs),
    /// Back up the whole database into one file that only its owner can read
    ///
    /// SQLite is copied while the server runs. PostgreSQL is dumped by pg_dump, which must be on PATH and not
    /// older than the server; the password is not passed on the command line. The file only appears when it is
    /// complete.
    Backup(backup::BackupArgs),
    /// Restore a backup, including row-level security, and verify the result
    ///
    /// Stop the server first: the command refuses to run if it detects a running server. SQLite's file is
    /// replaced atomically. PostgreSQL is restored by pg_restore in one transaction, into an empty database or,
    /// with --force, replacing the objects that are in the backup.
    Restore(backup::RestoreArgs),
    /// Print SQL for row-level security on your own tables: helper functions and policies
    ///
    /// Users see only their own rows, identified by the verified token as in PostgREST, Neon's Data API and
    /// pg_session_jwt. The SQL is for PostgreSQL and is only printed. Its comments say what somebody with raw
    /// SQL access can forge.
    RlsSql(rls_sql::RlsSqlArgs),
    /// Drop all tables and their data, then create them again
    Reset(ResetArgs),
}

/// Arguments of `db migrate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct MigrateArgs {
    /// Stop at this migration [default: the newest]
    #[arg(long, value_name = "VERSION")]
    to: Option<i64>,
    /// Show what would be applied without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Keep trying until the database is reachable, instead of failing
    #[arg(long, conflicts_with = "sql")]
    wait: bool,
    /// Print the SQL for a database administrator to run, without connecting
    #[arg(long, conflicts_with_all = ["dry_run", "json"])]
    sql: bool,
    /// With --sql: the version the database is at
    #[arg(long, value_name = "VERSION", requires = "sql", default_value_t = 0)]
    from: i64,
    /// Then grant this login exactly the privileges that the server needs, if another login owns the tables
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["to", "dry_run"])]
    grant_to: Option<String>,
}

/// Arguments of `db rollback`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    /// The newest migration to keep; 0 rolls back everything [default: the one before the newest]
    #[arg(long, value_name = "VERSION")]
    to: Option<i64>,
    /// Show what would be rolled back without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Print the SQL for a database administrator to run, without connecting
    #[arg(long, conflicts_with_all = ["dry_run", "json", "yes"])]
    sql: bool,
    /// With --sql: the version the database is at [default: the newest]
    #[arg(long, value_name = "VERSION", requires = "sql")]
    from: Option<i64>,
    /// Drop tables even if they hold rows
    #[arg(long)]
    yes: bool,
}

/// Arguments of `db status`.
#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArgs {
    /// Exit with 3 if migrations are pending
    #[arg(long)]
    exit_code: bool,
}

/// Arguments of `db reset`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ResetArgs {
    /// Confirm that all tables and their data are dropped
    #[arg(long)]
    yes: bool,
}

/// The database of a command and its output format.
pub(in crate::cli) struct DbTarget {
    pub(in crate::cli) migrator: Migrator,
    pub(in crate::cli) url: String,
    pub(in crate::cli) tenant: String,
    pub(in crate::cli) json: bool,
}

/// Runs `doorward db`.
pub(in crate::cli) async fn run(args: DbArgs, sources: &SourceArgs) -> Exit {
    if let DbCommand::RlsSql(asked) = &args.command {
        return rls_sql::run(asked, args.operator.json);
    }
    let target = target(&args, sources)?;
    match args.command {
        DbCommand::Migrate(args) => migrate(&target, &args).await,
        DbCommand::Rollback(args) => rollback(&target, &args).await,
        DbCommand::Status(args) => status(&target, &args).await,
        DbCommand::Verify => verify::run(&target).await,
        DbCommand::Repair(args) => repair::run(&target, &args).await,
        DbCommand::Backup(args) => backup::save(&target, &args).await,
        DbCommand::Restore(args) => backup::restore(&target, &args).await,
        DbCommand::Reset(args) => reset(&target, &args).await,
        // Already done, without a database.
        DbCommand::RlsSql(_) => Ok(()),
    }
}

fn target(args: &DbArgs, sources: &SourceArgs) -> Result<DbTarget, Failure> {
    let settings = args.operator.without_secret(sources)?;
    let migrator =
        Migrator::of(&settings).lock_wait(Duration::from_secs(args.lock_timeout)).on_wait(note);
    Ok(DbTarget {
        url: migrator.url().to_string(),
        migrator,
        tenant: settings.tenant_role,
        json: args.operator.json,
    })
}

async fn migrate(target: &DbTarget, args: &MigrateArgs) -> Exit {
    if args.sql {
        let steps = upward(version(Some(args.from))?, version(args.to)?);
        say!("{}", offline(&steps, target.migrator.engine(), &target.tenant));
        if let Some(login) = &args.grant_to {
            refuse_logins(target)?;
            say!("{}", granting(login, &target.tenant));
        }
        return Ok(());
    }
    if args.grant_to.is_some() {
        refuse_logins(target)?;
    }
    if args.wait {
        wait::for_database(target).await?;
    }
    if args.dry_run {
        let steps = target.migrator.plan_up(args.to).await.map_err(|error| failure(&error))?;
        report::plan(target, &steps, &[]);
        return Ok(());
    }
    let mut done = Vec::new();
    let outcome = target.migrator.up(args.to, &mut |one| report(target, &mut done, one)).await;
    let granted = match (&outcome, &args.grant_to) {
        (Ok(_), Some(login)) => {
            let granted = target.migrator.grant(login).await;
            Some((login, granted.map_err(|error| failure(&error))?))
        }
        _ => None,
    };
    let more = granted
        .as_ref()
        .map(|(login, granted)| ("granted", json!({"to": login, "privileges": granted})));
    finish(target, &done, outcome.map(|_| ()), "Nothing to apply", more).await?;
    if let (Some((login, granted)), false) = (granted, target.json) {
        for privilege in &granted {
            say!("  granted {privilege}");
        }
        say!("{login} has the privileges that the server needs, and row-level security is active.");
    }
    Ok(())
}

fn refuse_logins(target: &DbTarget) -> Exit {
    match target.migrator.engine() {
        Engine::Postgres => Ok(()),
        Engine::Sqlite => {
            Err(Failure::Usage("--grant-to is for PostgreSQL: SQLite has no logins.".into()))
        }
    }
}

async fn rollback(target: &DbTarget, args: &RollbackArgs) -> Exit {
    if args.sql {
        let from = version(args.from)?;
        let steps = downward(from, version(args.to.or(Some((from - 1).max(0))))?);
        say!("{}", offline(&steps, target.migrator.engine(), &target.tenant));
        return Ok(());
    }
    if args.dry_run {
        let steps = target.migrator.plan_down(args.to).await.map_err(|error| failure(&error))?;
        let losses = target.migrator.losses(args.to).await.map_err(|error| failure(&error))?;
        report::plan(target, &steps, &losses);
        return Ok(());
    }
    if !args.yes {
        let losses = target.migrator.losses(args.to).await.map_err(|error| failure(&error))?;
        if !losses.is_empty() {
            return Err(Failure::Failed(format!(
                "This would drop tables with rows: {}. Nothing was changed; run it again with --yes to drop them.",
                counted(&losses)
            )));
        }
    }
    let mut done = Vec::new();
    let outcome = target.migrator.down(args.to, &mut |one| report(target, &mut done, one)).await;
    finish(target, &done, outcome.map(|_| ()), "Nothing to roll back", None).await
}

async fn reset(target: &DbTarget, args: &ResetArgs) -> Exit {
    if !args.yes {
        return Err(Failure::Usage(format!(
            "This drops all tables of {} and their data: confirm with --yes.",
            target.url
        )));
    }
    let mut done = Vec::new();
    let mut outcome =
        target.migrator.down(Some(0), &mut |one| report(target, &mut done, one)).await;
    if outcome.is_ok() {
        outcome = target.migrator.up(None, &mut |one| report(target, &mut done, one)).await;
    }
    finish(target, &done, outcome.map(|_| ()), "Nothing to do", None).await
}

async fn status(target: &DbTarget, args: &StatusArgs) -> Exit {
    let statuses = target.migrator.status().await.map_err(|error| failure(&error))?;
    report::status(target, &statuses);
    let pending = statuses.iter().any(|status| status.state == State::Pending);
    if args.exit_code && pending { Err(Failure::MigrationsPending) } else { Ok(()) }
}

/// Prints each migration as soon as it is committed, so that a later failure hides nothing.
fn report(target: &DbTarget, done: &mut Vec<Value>, one: &Done) {
    done.push(report::done_json(one));
    if target.json {
        return;
    }
    match one.step.direction {
        Direction::Up => say!("{}", one.step.migration),
        Direction::Down => say!("{} (rollback)", one.step.migration),
    }
    for change in &one.changes {
        say!("  {change}");
    }
}

async fn finish(
    target: &DbTarget,
    done: &[Value],
    outcome: Result<(), MigrateError>,
    nothing: &str,
    more: Option<(&str, Value)>,
) -> Exit {
    let version = match &outcome {
        Ok(()) => Some(target.migrator.version().await.map_err(|error| failure(&error))?),
        Err(_) => None,
    };
    if target.json {
        let error = outcome.as_ref().err().map(ToString::to_string);
        let mut document = json!({
            "database": target.url, "migrations": done, "version": version, "error": error,
        });
        if let Some((name, value)) = more {
            document[name] = value;
        }
        say!("{document:#}");
    } else if let Some(version) = version {
        let count = done.len();
        match count {
            0 => say!("{nothing}: {} is at migration {version}.", target.url),
            1 => say!("1 migration done: {} is at migration {version}.", target.url),
            _ => say!("{count} migrations done: {} is at migration {version}.", target.url),
        }
        if count > 0 && version > 0 {
            eprintln!("`doorward db verify` checks the tables and shows the SQL.");
        }
    }
    outcome.map_err(|error| failure(&error))
}

/// What an administrator must do first is a configuration error; everything else failed.
pub(in crate::cli) fn failure(error: &MigrateError) -> Failure {
    match error {
        MigrateError::NeedsAdministrator { .. } | MigrateError::Misconfigured(_) => {
            Failure::configuration(error.to_string())
        }
        _ => failed(error),
    }
}

/// `users (3 rows), tasks (more than 100000 rows)`.
pub(in crate::cli) fn counted(losses: &[Loss]) -> String {
    let described = losses.iter().map(|Loss { table, rows }| match *rows {
        1 => format!("{table} (1 row)"),
        rows if rows >= Loss::COUNTED => format!("{table} ({rows} rows or more)"),
        rows => format!("{table} ({rows} rows)"),
    });
    described.collect::<Vec<_>>().join(", ")
}

/// The requested version, or the newest.
fn version(asked: Option<i64>) -> Result<i64, Failure> {
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.version);
    match asked {
        Some(version) if !(0..=newest).contains(&version) => Err(Failure::Usage(format!(
            "There is no migration {version}: this binary has 1 to {newest}, and 0 means none."
        ))),
        version => Ok(version.unwrap_or(newest)),
    }
}

pub(in crate::cli) fn outline(target: &DbTarget, step: &SchemaStep) -> Vec<String> {
    step.outline(target.migrator.engine(), &target.tenant)
}
