//! A connection to the SQLite file, with its deadline and state.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::db::database::CALL_WITHIN;
use crate::db::sqlite::file::File;
use crate::db::sqlite::log::{InVain, copied_later};
use crate::db::sqlite::open::{Access, BUSY, connect, sentence};
use crate::db::sqlite::row::failed;
use crate::db::sqlite::thread::Kind;
use crate::sql::{DbError, Result};

/// How often a running statement checks the time, in SQLite's instructions: about a millisecond.
const LOOK_EVERY: i32 = 10_000;

/// A connection with its state.
#[derive(Debug)]
pub(in crate::db) struct SqliteSession {
    pub(in crate::db) connection: Connection,
    pub(in crate::db) file: Arc<File>,
    /// The last attempt to empty the write-ahead log, if it failed.
    pub(in crate::db) tried: Option<InVain>,
    /// The length of the write-ahead log after the last commit here.
    pub(in crate::db) log_pages: Arc<AtomicI32>,
    opened: Instant,
    ends: Arc<AtomicU64>,
}

impl SqliteSession {
    pub(in crate::db) fn open(file: &Arc<File>, kind: Kind) -> Result<Self> {
        file.present()?;
        let access = match kind {
            Kind::Write if file.is_known() => Access::Write,
            Kind::Write => Access::Create,
            Kind::Read | Kind::Search => Access::Read,
        };
        let path = &file.path;
        let mut connection =
            connect(path, access, file.tuning).map_err(|error| sentence(path, &error))?;
        file.remember();
        let (opened, ends) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
        let until = Arc::clone(&ends);
        connection
            .progress_handler(
                LOOK_EVERY,
                Some(move || millis(opened.elapsed()) > until.load(Ordering::Relaxed)),
            )
            .map_err(failed)?;
        let log_pages = copied_later(&mut connection).map_err(failed)?;
        Ok(Self { connection, file: Arc::clone(file), tried: None, log_pages, opened, ends })
    }

    /// Removes the deadline: a command's work may take as long as necessary. Waits for others for this long.
    pub(in crate::db) fn without_deadline(&self, busy: Duration) -> Result<()> {
        self.ends.store(u64::MAX, Ordering::Relaxed);
        self.connection.busy_timeout(busy).map_err(failed)
    }

    /// After a commit: checks that the data is where it will be looked for.
    pub(in crate::db) fn confirmed(&self) -> Result<()> {
        self.file.present().map_err(|gone| DbError::Unconfirmed(gone.to_string()))
    }

    /// Runs a transaction command.
    pub(in crate::db) fn control(&self, command: &str) -> Result<()> {
        let mut statement = self.connection.prepare_cached(command).map_err(failed)?;
        statement.execute([]).map(drop).map_err(failed)
    }

    /// Sets the deadline of the work that starts now.
    pub(in crate::db) fn until(&self, deadline: Instant) -> Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        self.ends.store(millis(self.opened.elapsed() + left), Ordering::Relaxed);
        self.connection.busy_timeout(left.min(BUSY)).map_err(failed)
    }
}

pub(in crate::db) fn late() -> DbError {
    DbError::Away(format!("no response within {} s", CALL_WITHIN.as_secs()))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
