//! A SQLite file: the integrity of its pages, as far as time allows.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::sql::{DbError, Result};

/// The result of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong with its pages; `None` if there was no time to read all of them.
    pub faults: Option<Vec<String>>,
    /// The size of its pages in bytes.
    pub bytes: u64,
}

/// Checks all pages, for at most this long.
pub async fn check(path: &Path, within: Duration) -> Result<Checked> {
    let path = path.to_owned();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let work = tokio::task::spawn_blocking(move || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let file = Connection::open_with_flags(&path, flags)?;
        let _ = sender.send(file.get_interrupt_handle());
        let number = |name| file.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let bytes = number("page_count")?.saturating_mul(number("page_size")?);
        let faults = match faults(&file) {
            Ok(faults) => Some(faults),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => None,
                Some(ErrorCode::DatabaseCorrupt) => Some(vec![error.to_string()]),
                _ => return Err(error),
            },
        };
        Ok(Checked { faults, bytes: u64::try_from(bytes).unwrap_or_default() })
    });
    let interrupt = async {
        let Ok(handle) = receiver.await else { return std::future::pending().await };
        tokio::time::sleep(within).await;
        handle.interrupt();
        std::future::pending::<()>().await;
    };
    let checked = tokio::select! {
        checked = work => checked.map_err(|error| DbError::Internal(error.to_string()))?,
        () = interrupt => return Err(DbError::Overloaded),
    };
    checked.map_err(|error: rusqlite::Error| DbError::Away(error.to_string()))
}

fn faults(file: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = file.prepare("PRAGMA quick_check(5)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}
