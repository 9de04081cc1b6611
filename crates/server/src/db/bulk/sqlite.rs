//! Bulk writes on SQLite: a separate connection, temporary tables in memory, and a bounded write-ahead log. A
//! server on the same file keeps serving; the two wait for each other.

use std::sync::Arc;
use std::time::Duration;

use super::{Ending, Load};
use crate::config::SqliteFile;
use crate::db::Row;
use crate::db::sqlite::file::File;
use crate::db::sqlite::row::failed;
use crate::db::sqlite::session::SqliteSession;
use crate::db::sqlite::thread::Kind;
use crate::sql::{DbError, Result, Step};

/// How long a transaction waits for a server's.
const BUSY: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct BulkSqlite {
    session: SqliteSession,
}

impl BulkSqlite {
    pub(super) fn open(file: &SqliteFile) -> Result<Self> {
        if !file.exists() {
            return Err(DbError::Unready(format!("{} does not exist", file.display())));
        }
        let session = SqliteSession::open(&Arc::new(File::new(file.clone())), Kind::Write)?;
        let connection = &session.connection;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.pragma_update(None, "temp_store", "MEMORY").map_err(failed)?;
        // Writes to indexes are scattered: 64 MiB of pages instead of a request's two.
        connection.pragma_update(None, "cache_size", -65536).map_err(failed)?;
        Ok(Self { session })
    }

    pub(super) fn run(
        &mut self,
        loads: &[Load],
        steps: &[Step],
        ending: Ending,
    ) -> Result<Vec<Vec<Row>>> {
        self.session.bound_log();
        self.session.without_deadline(BUSY)?;
        self.control("BEGIN IMMEDIATE")?;
        let outcome = self.work(loads, steps);
        let end = match (&outcome, ending) {
            (Ok(_), Ending::Commit) => "COMMIT",
            _ => "ROLLBACK",
        };
        let ended = self.control(end);
        if ended.is_err() && !self.session.connection.is_autocommit() {
            let _ = self.control("ROLLBACK");
        }
        let rows = outcome?;
        ended.map(|()| rows)
    }

    fn work(&self, loads: &[Load], steps: &[Step]) -> Result<Vec<Vec<Row>>> {
        for load in loads {
            self.fill(load)?;
        }
        steps.iter().map(|step| self.session.run(step)).collect()
    }

    fn fill(&self, load: &Load) -> Result<()> {
        let (staging, connection) = (load.staging, &self.session.connection);
        self.control(&staging.create(""))?;
        self.control(&format!("DELETE FROM {}", staging.name))?;
        let places = vec!["?"; staging.filled].join(", ");
        let insert =
            format!("INSERT INTO {} ({}) VALUES ({places})", staging.name, staging.names());
        let mut insert = connection.prepare_cached(&insert).map_err(failed)?;
        for row in &load.rows {
            insert.execute(rusqlite::params_from_iter(row)).map_err(failed)?;
        }
        Ok(())
    }

    fn control(&self, command: &str) -> Result<()> {
        self.session.connection.execute_batch(command).map_err(failed)
    }
}
