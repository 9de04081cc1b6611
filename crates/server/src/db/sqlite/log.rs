//! The write-ahead log: bounded while the server runs, empty when it has stopped. SQLite copies the log
//! into the database by itself, but begins it anew only at a moment in which nobody reads.

use std::time::{Duration, Instant};

use crate::db::sqlite::row::failed;
use crate::db::sqlite::session::SqliteSession;
use crate::sql::Result;

/// A larger log is emptied at the next chance.
const LARGE: u64 = 16 << 20;
/// A log as large as this makes writes wait until it is empty.
const TOO_LARGE: u64 = 4 * LARGE;
/// How long readers are waited for.
const FOR_LARGE: Duration = Duration::from_millis(50);
const FOR_TOO_LARGE: Duration = Duration::from_secs(2);
/// After an attempt in vain, as many times its patience pass before the next: writes go on while a
/// backup reads for minutes.
const PAUSE: u32 = 10;

impl SqliteSession {
    /// Empties the log if it has grown large.
    pub(in crate::db) fn bound_log(&mut self) {
        let bytes = self.file.log_bytes();
        if bytes < LARGE {
            return;
        }
        let patience = if bytes < TOO_LARGE { FOR_LARGE } else { FOR_TOO_LARGE };
        let is_too_early =
            |(at, with): (Instant, Duration)| with >= patience && at.elapsed() < PAUSE * with;
        if !self.tried.is_some_and(is_too_early) {
            let emptied = self.empty_log(patience);
            self.tried = (!emptied).then(|| (Instant::now(), patience));
        }
    }

    /// Copies the log into the database and cuts it to nothing, unless others read or write for longer
    /// than this; whether it did. Never into a file that is not the database any more.
    pub(in crate::db) fn empty_log(&self, patience: Duration) -> bool {
        if self.file.present().is_err() {
            return false;
        }
        self.checkpoint(patience).unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log could not be emptied");
            false
        })
    }

    /// False if others were in the way.
    fn checkpoint(&self, patience: Duration) -> Result<bool> {
        self.until(Instant::now() + Duration::from_mins(1))?;
        self.connection.busy_timeout(patience).map_err(failed)?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy = self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok(busy.map_err(failed)? == 0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::db::sqlite::Sqlite;
    use crate::sql::Sql;
    use crate::step;

    const CREATE: Sql = crate::statement!("CREATE", "CREATE TABLE notes (text BLOB)");
    const ADD: Sql = crate::statement!("ADD", "INSERT INTO notes VALUES (zeroblob(200000))");

    fn read_without_pause(path: &std::path::Path, over: &AtomicBool) {
        let connection = rusqlite::Connection::open(path).unwrap();
        while !over.load(Ordering::SeqCst) {
            connection.execute_batch("BEGIN; SELECT count(*) FROM notes").unwrap();
            std::thread::park_timeout(Duration::from_millis(20));
            connection.execute_batch("COMMIT").unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_log_stays_bounded_although_somebody_always_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let db = Sqlite::open(&path).await.unwrap();
        db.write(None, vec![step!(CREATE)]).await.unwrap();
        let over = std::sync::Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (path, over) = (path.clone(), std::sync::Arc::clone(&over));
                std::thread::spawn(move || read_without_pause(&path, &over))
            })
            .collect();
        let mut largest = 0;
        for _ in 0..600 {
            db.write(None, vec![step!(ADD)]).await.unwrap();
            largest = largest.max(path.with_extension("db-wal").metadata().unwrap().len());
        }
        over.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
        assert!(largest < TOO_LARGE + (1 << 20), "{largest} bytes");
    }

    #[tokio::test]
    async fn a_closed_database_is_one_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let db = Sqlite::open(&path).await.unwrap();
        db.write(None, vec![step!(CREATE)]).await.unwrap();
        db.write(None, vec![step!(ADD)]).await.unwrap();
        assert!(path.with_extension("db-wal").exists());
        drop(db);
        assert!(!path.with_extension("db-wal").exists());
    }
}
