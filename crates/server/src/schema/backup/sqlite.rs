//! SQLite's file, copied by its online backup in one read transaction: later writes are not in the copy, and
//! nobody waits. Restoring needs exclusive access to the file, so a running server is detected.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::output::Output;
use super::{Kind, Restored, Saved, Say, absolute, fits, kind_of, refused};
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::sqlite::history;

/// 16 MiB of default pages between progress reports.
const PAGES_A_STEP: i32 = 4096;
/// How long a server may take to end its own read.
const HELD: Duration = Duration::from_secs(2);

pub(super) fn save(path: &Path, file: &Path, overwrite: bool, say: Say) -> MigrateResult<Saved> {
    if !path.exists() {
        return Err(refused(format!(
            "{} does not exist: there is nothing to back up.",
            path.display()
        )));
    }
    if absolute(path) == absolute(file) {
        return Err(refused(format!(
            "{} is the database itself: name another file.",
            file.display()
        )));
    }
    let output = Output::create(file, overwrite)?;
    copy(path, &output.path, file, say)?;
    // A newer version's tables are backed up like any others.
    let applied = history(&output.path)?.unwrap_or_default();
    let Some(version) = applied.iter().map(|row| row.version).max() else {
        return Err(refused("There are no tables to back up: `doorward db migrate` creates them."));
    };
    Ok(Saved { bytes: output.keep()?, version })
}

pub(super) fn restore(
    path: &Path,
    file: &Path,
    replace: bool,
    say: Say,
) -> MigrateResult<Restored> {
    match kind_of(file)? {
        Kind::Sqlite => {}
        Kind::Archive => {
            return Err(refused(format!(
                "{} is a backup of a PostgreSQL database, but DATABASE_URL is a SQLite file: set it to the PostgreSQL database, or move accounts with `doorward export` and `doorward import`.",
                file.display()
            )));
        }
        Kind::Other => {
            return Err(refused(format!(
                "{} is not a SQLite database: name a file from `doorward db backup`.",
                file.display()
            )));
        }
    }
    if absolute(path) == absolute(file) {
        return Err(refused(format!(
            "{} is the database itself: name another file.",
            file.display()
        )));
    }
    let is_there = path.exists();
    if is_there && !replace {
        return Err(refused(format!(
            "{} already exists: replace it and all its data with --force.",
            path.display()
        )));
    }
    let output = Output::create(path, replace)?;
    copy(file, &output.path, path, say)?;
    let (version, pending) = check(&output.path, file)?;
    output.owned_as(if is_there { path } else { path.parent().unwrap_or(path) });
    // Held until the new file is in place.
    let held = if is_there { alone(path)? } else { None };
    for end in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        let _ = std::fs::remove_file(beside);
    }
    output.keep()?;
    drop(held);
    Ok(Restored { version, pending, righted: Vec::new() })
}

/// Copies page by page into an empty file, leaving a single file.
fn copy(from: &Path, into: &Path, place: &Path, say: Say) -> MigrateResult<()> {
    let explain = |error: rusqlite::Error| explained(from, place, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(explain)?;
    source.busy_timeout(Duration::from_secs(5)).map_err(explain)?;
    let mut target = Connection::open_with_flags(into, flags).map_err(explain)?;
    // The snapshot stays the same to the end, whatever is written, so the copy never restarts.
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_master").map_err(explain)?;
    {
        let backup = Backup::new(&source, &mut target).map_err(explain)?;
        let mut reported = 0;
        loop {
            let step = backup.step(PAGES_A_STEP).map_err(explain)?;
            match step {
                StepResult::Done => break,
                StepResult::More => {
                    let progress = backup.progress();
                    let all = i64::from(progress.pagecount).max(1);
                    let done = (all - i64::from(progress.remaining)) * 100 / all;
                    if done >= reported + 10 {
                        reported = done - done % 10;
                        say(&format!("{reported} % copied."));
                    }
                }
                // The file is exclusively ours, and the source is open for reading.
                _ => std::thread::park_timeout(Duration::from_millis(20)),
            }
        }
    }
    source.execute_batch("ROLLBACK").map_err(explain)?;
    target.pragma_update(None, "journal_mode", "DELETE").map_err(explain)?;
    let answer: String =
        target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(explain)?;
    if answer != "ok" {
        return Err(refused(format!("{} is damaged: {answer}.", from.display())));
    }
    Ok(())
}

/// The newest migration and the number of missing ones in a copy of this file.
fn check(copy: &Path, of: &Path) -> MigrateResult<(i64, usize)> {
    fits(of, &history(copy)?.unwrap_or_default())
}

/// The database with exclusive access: while another process has it open, its write-ahead log cannot be
/// removed. A file that is not a database is in nobody's use.
fn alone(path: &Path) -> MigrateResult<Option<Connection>> {
    let used = |error: &rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Some(refused(format!(
            "Another process has {} open: stop the server, then restore.",
            path.display()
        ))),
        _ => None,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let held = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(HELD)?;
        connection.pragma_update(None, "journal_mode", "DELETE")?;
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok::<_, rusqlite::Error>(connection)
    };
    match held() {
        Ok(connection) => Ok(Some(connection)),
        Err(error) => match (used(&error), error.sqlite_error_code()) {
            (Some(used), _) => Err(used),
            (None, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)) => Ok(None),
            (None, _) => Err(explained(path, path, &error)),
        },
    }
}

fn explained(from: &Path, place: &Path, error: &rusqlite::Error) -> MigrateError {
    let (from, place) = (from.display(), place.display());
    refused(match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            format!("The disk of {place} is full: free some space.")
        }
        Some(ErrorCode::NotADatabase) => format!("{from} is not a SQLite database."),
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("{from} is damaged: {error}. Use an older backup.")
        }
        _ => format!("{from} could not be copied: {error}."),
    })
}
