//! Opens a SQLite file: its settings, and one sentence for each kind of failure.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use rusqlite::config::DbConfig;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::config::{SqliteTuning, Synchronous};
use crate::db::database::LITERAL;
use crate::db::sqlite::row::REFUSED;
use crate::input::merge_patch;
use crate::sql::DbError;

/// How long a write waits for another process.
pub(in crate::db) const BUSY: Duration = Duration::from_secs(3);

/// The access of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Access {
    Read,
    Write,
    /// Write, and create the file if absent.
    Create,
}

pub(in crate::db) fn connect(
    path: &Path,
    access: Access,
    tuning: SqliteTuning,
) -> rusqlite::Result<Connection> {
    let flags = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    if access == Access::Create && path != Path::new(":memory:") {
        // If something is wrong with the path, SQLite reports it next.
        let _ = make_private(path);
    }
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(128);
    // One plan per statement, whatever is bound: otherwise SQLite would prepare it again at every call
    // because of the values, which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if access != Access::Read {
        use_wal(&connection)?;
        let synchronous = match tuning.synchronous {
            Synchronous::Normal => "NORMAL",
            Synchronous::Full => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    // A negative number means KiB, not pages.
    let kib = i64::try_from(tuning.cache_bytes >> 10).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -kib)?;
    connection.pragma_update(None, "mmap_size", tuning.mmap_bytes.to_string())?;
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("textregexeq", 2, pure, contains)?;
    // On PostgreSQL, migrations create these functions. Better Auth's tables are never in this file.
    connection.create_scalar_function(
        "doorward_better_auth_session_of",
        3,
        FunctionFlags::SQLITE_UTF8,
        |_| Ok(None::<String>),
    )?;
    connection.create_scalar_function("doorward_merge_patch", 3, pure, merged)?;
    connection.create_scalar_function(
        "doorward_better_auth_tables",
        0,
        FunctionFlags::SQLITE_UTF8,
        |_| Ok(None::<String>),
    )?;
    // Read by row-level security on PostgreSQL, which SQLite lacks.
    connection.create_scalar_function("set_config", 3, FunctionFlags::SQLITE_UTF8, |call| {
        call.get::<Option<String>>(1)
    })?;
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

/// Creates the file if absent. It will contain password hashes, so only its owner may read it.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// PostgreSQL's function behind `~`, for literal patterns only: whether the text contains the pattern, in
/// time proportional to the text.
fn contains(call: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let (ValueRef::Text(text), ValueRef::Text(_)) = (call.get_raw(0), call.get_raw(1)) else {
        return Ok(None);
    };
    let finder: Arc<Finder<'static>> = call.get_or_create_aux(1, |pattern| {
        let literal = pattern.as_str()?.strip_prefix(LITERAL);
        let literal = literal.ok_or("a pattern that is not literal")?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Finder::new(literal).into_owned())
    })?;
    Ok(Some(finder.find(text).is_some()))
}

/// Applies a merge patch to an object; results over the third argument in bytes are rejected.
fn merged(call: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let (target, patch): (Option<String>, Option<String>) = (call.get(0)?, call.get(1)?);
    let most: i64 = call.get(2)?;
    let Some(patch) = patch else { return Ok(None) };
    let failed = |why| rusqlite::Error::UserFunctionError(why);
    let merged = merge_patch(target.as_deref(), &patch).map_err(|error| failed(error.into()))?;
    if i64::try_from(merged.len()).is_ok_and(|length| length > most) {
        return Err(failed(format!("{REFUSED}metadata_too_large").into()));
    }
    Ok(Some(merged))
}

/// A new file is switched to WAL by whoever opens it first. SQLite does not wait for others then, to avoid a
/// deadlock, so this does.
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
            format!("{file} is locked by another process: stop that process and try again.")
        }
        Some(ErrorCode::DiskFull) => {
            format!("The disk of {file} is full: free some space.")
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
            let opening =
                scope.spawn(|| connect(&path, Access::Create, SqliteTuning::default()).map(drop));
            std::thread::park_timeout(Duration::from_millis(300));
            other.execute_batch("COMMIT").unwrap();
            opening.join().unwrap().unwrap();
        });
    }

    #[test]
    fn threads_do_not_wait_for_each_other_at_allocations() {
        let connection = Connection::open_in_memory().unwrap();
        let sql = "SELECT sqlite_compileoption_used('DEFAULT_MEMSTATUS=0')";
        assert!(connection.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap());
    }

    #[test]
    fn what_the_settings_say_holds_on_each_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let says = |connection: &Connection, name: &str| -> i64 {
            connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
        };
        let usual = connect(&path, Access::Create, SqliteTuning::default()).unwrap();
        assert_eq!((says(&usual, "synchronous"), says(&usual, "cache_size")), (1, -2048));
        let tuning = SqliteTuning {
            synchronous: Synchronous::Full,
            cache_bytes: 64 << 20,
            mmap_bytes: 1 << 30,
        };
        for access in [Access::Write, Access::Read] {
            let connection = connect(&path, access, tuning).unwrap();
            assert_eq!(says(&connection, "cache_size"), -65536);
            assert_eq!(says(&connection, "mmap_size"), 1 << 30);
        }
        let writer = connect(&path, Access::Write, tuning).unwrap();
        assert_eq!(says(&writer, "synchronous"), 2);
    }
}
