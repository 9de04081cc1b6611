//! Opening a SQLite file: its settings, and one sentence for each way it can fail.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::db::sqlite::row::REFUSED;
use crate::sql::DbError;

/// How long a write waits for another process.
pub(in crate::db) const BUSY: Duration = Duration::from_secs(3);

pub(in crate::db) fn connect(path: &Path, writes: bool) -> rusqlite::Result<Connection> {
    let access = if writes {
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
    } else {
        OpenFlags::SQLITE_OPEN_READ_ONLY
    };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    // One plan for each statement, whatever is bound: SQLite would else prepare it anew at every call
    // to look at the new values, which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if writes {
        use_wal(&connection)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -2000)?;
    // PostgreSQL has these functions from migrations. Better Auth's tables are never in this file.
    connection.create_scalar_function(
        "doorward_better_auth_session",
        2,
        FunctionFlags::SQLITE_UTF8,
        |_| Ok(None::<String>),
    )?;
    connection.create_scalar_function(
        "doorward_refuse",
        1,
        FunctionFlags::SQLITE_UTF8,
        |call| {
            let reason: String = call.get(0)?;
            Err::<Option<String>, _>(rusqlite::Error::UserFunctionError(
                format!("{REFUSED}{reason}").into(),
            ))
        },
    )?;
    Ok(connection)
}

/// A new file is turned to WAL by whoever opens it first. There SQLite does not wait for others, lest
/// two should wait for each other, so this does.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let until = Instant::now() + BUSY;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < until =>
            {
                std::thread::park_timeout(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

/// Why a file cannot be opened, and what to do about it.
pub(in crate::db) fn sentence(path: &Path, error: &rusqlite::Error) -> DbError {
    let file = path.display();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    DbError::Away(match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{file} is not a SQLite database: name another file in DATABASE_URL.")
        }
        Some(ErrorCode::ReadOnly) => {
            format!("{file} cannot be written by this user: make the file and its folder writable.")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("{file} is held by another process: stop that process and try again.")
        }
        Some(ErrorCode::DiskFull) => {
            format!("The disk that holds {file} is full: make room on it.")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("{file} is damaged: restore it from a backup.")
        }
        _ if path.is_dir() => format!("{file} is a folder: name a file in it."),
        _ if folder.is_some_and(|folder| !folder.exists()) => format!(
            "The folder {} of the SQLite database does not exist: create it.",
            folder.unwrap_or(path).display()
        ),
        _ => format!("{file} cannot be opened: {error}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_that_another_process_writes_to_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE t (a); BEGIN IMMEDIATE").unwrap();
        std::thread::scope(|scope| {
            let opening = scope.spawn(|| connect(&path, true).map(drop));
            std::thread::park_timeout(Duration::from_millis(300));
            other.execute_batch("COMMIT").unwrap();
            opening.join().unwrap().unwrap();
        });
    }
}
