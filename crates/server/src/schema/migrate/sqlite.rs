//! Migrations on a SQLite file: a separate connection, with `BEGIN IMMEDIATE` as the lock. Foreign keys are
//! off while tables are rebuilt, and checked before each commit.

use std::path::Path;
use std::time::Duration;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};

use super::{LockWait, Loss};
use crate::config::TENANT_ROLE;
use crate::db::sqlite::open::make_private;
use crate::db::sqlite::row::failed;
use crate::schema::catalog;
use crate::schema::catalog::{Change, Object, changes};
use crate::schema::history;
use crate::schema::history::HistoryRow;
use crate::schema::migrate::error::{MigrateError, MigrateResult, OCCUPIED};
use crate::schema::migration::Engine;
use crate::schema::script::{Direction, SchemaStep};
use crate::sql::DbError;

/// The rows of the history; `None` without a file or the table.
pub(in crate::schema) fn history(path: &Path) -> MigrateResult<Option<Vec<HistoryRow>>> {
    if !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    if !has_history(&connection)? {
        return Ok(None);
    }
    let mut statement = connection.prepare(
        "SELECT version, name, checksum, applied_at FROM doorward_migrations ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(HistoryRow {
            version: row.get(0)?,
            name: row.get(1)?,
            checksum: row.get(2)?,
            applied_at: row.get(3)?,
        })
    })?;
    Ok(Some(rows.collect::<rusqlite::Result<_>>()?))
}

/// Runs one step; `None` if another migrator has already done it.
pub(in crate::schema) fn run(
    path: &Path,
    wait: LockWait,
    step: SchemaStep,
) -> MigrateResult<Option<Vec<Change>>> {
    let mut connection = open(path, wait.limit)?;
    let work = begin(&mut connection, path, wait)?;
    let changes = execute(&work, step)?;
    if changes.is_some() {
        refuse_dangling(&work, step)?;
        work.commit()?;
    }
    Ok(changes)
}

/// Runs the steps, counts the rows of all tables they drop, and rolls back.
pub(in crate::schema) fn losses(
    path: &Path,
    wait: LockWait,
    steps: &[SchemaStep],
) -> MigrateResult<Vec<Loss>> {
    let mut connection = open(path, wait.limit)?;
    let work = begin(&mut connection, path, wait)?;
    let before = objects(&work)?;
    for step in steps {
        execute(&work, *step)?;
    }
    let changes = changes(&before, &objects(&work)?);
    work.rollback()?;
    let mut losses = Vec::new();
    for table in dropped_tables(&changes) {
        let count =
            format!("SELECT count(*) FROM (SELECT 1 FROM \"{table}\" LIMIT {})", Loss::COUNTED);
        let rows = connection.query_row(&count, [], |row| row.get(0))?;
        losses.push(Loss { table, rows });
    }
    losses.retain(|loss| loss.rows > 0);
    Ok(losses)
}

/// The tables with data that the changes dropped; the history is not data.
pub(in crate::schema) fn dropped_tables(changes: &[Change]) -> Vec<String> {
    let dropped = changes.iter().filter(|change| change.action == "dropped");
    let mut tables: Vec<String> = dropped
        .filter_map(|change| match change.object.kind.as_str() {
            "table" => Some(change.object.name.clone()),
            "column" => Some(change.object.table.clone()),
            _ => None,
        })
        .filter(|table| table != "doorward_migrations")
        .collect();
    tables.dedup();
    tables
}

pub(super) fn open(path: &Path, wait: Duration) -> MigrateResult<Connection> {
    make_private(path)
        .map_err(|error| DbError::Away(format!("cannot create {}: {error}", path.display())))?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(wait)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    Ok(connection)
}

pub(super) fn begin<'a>(
    connection: &'a mut Connection,
    path: &Path,
    wait: LockWait,
) -> MigrateResult<Transaction<'a>> {
    let is_busy = |error: &rusqlite::Error| {
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    };
    connection.busy_timeout(Duration::ZERO)?;
    let free = connection.transaction_with_behavior(TransactionBehavior::Immediate).map(drop);
    if free.is_err_and(|error| is_busy(&error)) {
        let (path, seconds) = (path.display(), wait.limit.as_secs());
        (wait.say)(&format!(
            "Waiting up to {seconds} s for the process that is writing to {path}."
        ));
    }
    connection.busy_timeout(wait.limit)?;
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| {
        if is_busy(&error) {
            MigrateError::Locked(format!(
                "Another process has been writing to {} for more than {} s; nothing was \
                     changed. If it is another migrator, wait for it; if it hangs, stop it.",
                path.display(),
                wait.limit.as_secs()
            ))
        } else {
            failed(error).into()
        }
    })
}

fn execute(work: &Transaction<'_>, step: SchemaStep) -> MigrateResult<Option<Vec<Change>>> {
    let before = objects(work)?;
    if step.direction == Direction::Up {
        work.execute_batch(history::CREATE)?;
    }
    let wanted = step.direction == Direction::Down;
    if !has_history(work)? || recorded(work, step.migration.version)? != wanted {
        return Ok(None);
    }
    work.execute_batch(&step.script(Engine::Sqlite, TENANT_ROLE)).map_err(|error| {
        let error = explain(error);
        MigrateError::Statement(format!(
            "Migration {} failed and was undone: {error}.",
            step.migration
        ))
    })?;
    if step.direction == Direction::Down {
        drop_empty_history(work)?;
    }
    Ok(Some(changes(&before, &objects(work)?)))
}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(failed(error))
    }
}

/// The database's error with the line it refers to, instead of the whole script.
fn explain(error: rusqlite::Error) -> String {
    let rusqlite::Error::SqlInputError { msg, sql, offset, .. } = error else {
        return error.to_string();
    };
    let occupied = if msg.contains("already exists") { OCCUPIED } else { "" };
    let before = sql.get(..usize::try_from(offset).unwrap_or(0)).unwrap_or_default();
    let line = sql.lines().nth(before.matches('\n').count()).unwrap_or_default();
    format!("{msg}{occupied}, at: {}", line.trim().trim_end_matches([' ', '(', ';']))
}

fn has_history(connection: &Connection) -> MigrateResult<bool> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'doorward_migrations'";
    let found = connection.query_row(sql, [], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

fn recorded(work: &Transaction<'_>, version: i64) -> MigrateResult<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM doorward_migrations WHERE version = ?1)";
    Ok(work.query_row(sql, [version], |row| row.get(0))?)
}

fn drop_empty_history(work: &Transaction<'_>) -> MigrateResult<()> {
    let left = "SELECT EXISTS (SELECT 1 FROM doorward_migrations)";
    let left: bool = work.query_row(left, [], |row| row.get(0))?;
    if !left {
        work.execute_batch(history::DROP)?;
    }
    Ok(())
}

fn refuse_dangling(work: &Transaction<'_>, step: SchemaStep) -> MigrateResult<()> {
    let found: Option<String> =
        work.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).optional()?;
    match found {
        None => Ok(()),
        Some(table) => Err(MigrateError::Statement(format!(
            "Migration {} would leave rows of {table} with broken references; it was undone.",
            step.migration
        ))),
    }
}

fn objects(connection: &Connection) -> MigrateResult<Vec<Object>> {
    let mut statement = connection.prepare(catalog::SQLITE)?;
    let rows = statement.query_map([], |row| {
        Ok(Object { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
