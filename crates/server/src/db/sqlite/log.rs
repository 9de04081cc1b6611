//! The write-ahead log: bounded while the server runs, empty after it has stopped. SQLite would copy it into
//! the database within the commit that makes it long, for which that write's caller would wait. Here it is
//! copied once the callers have their results. It restarts only when nobody reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use crate::db::sqlite::row::failed;
use crate::db::sqlite::session::SqliteSession;
use crate::sql::Result;

/// A log of this many pages is copied into the database after the writes at hand; SQLite's own limit.
const LONG: i32 = 1000;
/// The same within a commit: for long work that commits often, such as an import.
const TOO_LONG: i32 = 4 * LONG;
/// A larger log is emptied at the next opportunity.
const LARGE: u64 = 16 << 20;
/// At this size, writes wait until the log is emptied.
const TOO_LARGE: u64 = 4 * LARGE;
/// How long to wait for readers.
const FOR_LARGE: Duration = Duration::from_millis(50);
const FOR_TOO_LARGE: Duration = Duration::from_secs(2);
/// After a failed attempt, the pause is this multiple of its duration: writes continue while a backup reads
/// for minutes. The pause ends early if the log has grown by `TOO_LARGE`.
const PAUSE: u32 = 10;

/// A failed attempt: when it ended, how long it waited for readers, and the log's size.
#[derive(Clone, Copy, Debug)]
pub(in crate::db) struct InVain {
    ended: Instant,
    patience: Duration,
    bytes: u64,
}

/// How long to wait for readers now; `None` while the log need not be emptied.
fn patience(bytes: u64, before: Option<InVain>, now: Instant) -> Option<Duration> {
    if bytes < LARGE {
        return None;
    }
    let patience = if bytes < TOO_LARGE { FOR_LARGE } else { FOR_TOO_LARGE };
    let is_too_early = |before: InVain| {
        before.patience >= patience
            && now.saturating_duration_since(before.ended) < PAUSE * before.patience
            && bytes < before.bytes + TOO_LARGE
    };
    (!before.is_some_and(is_too_early)).then_some(patience)
}

/// Replaces SQLite's own copying; returns the log's length in pages, up to date after each commit.
pub(in crate::db) fn copied_later(connection: &mut Connection) -> rusqlite::Result<Arc<AtomicI32>> {
    let length = Arc::new(AtomicI32::new(0));
    let seen = Arc::clone(&length);
    connection.wal_hook(Some(move |log: &mut Wal, pages| {
        seen.store(pages, Ordering::Relaxed);
        if pages >= TOO_LONG {
            // An error here would be reported as that of the commit, which has succeeded.
            let _ = log.checkpoint();
        }
        Ok(())
    }))?;
    Ok(length)
}

impl SqliteSession {
    /// Copies the log into the database if it has grown long, and empties it if it has grown large.
    pub(in crate::db) fn bound_log(&mut self) {
        if self.log_pages.load(Ordering::Relaxed) >= LONG {
            self.copy_log();
        }
        let bytes = self.file.log_bytes();
        if let Some(meters) = self.file.metrics.on() {
            meters.sqlite.log_bytes.set(bytes);
        }
        let Some(patience) = patience(bytes, self.tried, Instant::now()) else { return };
        let emptied = self.empty_log(patience);
        self.tried = (!emptied).then(|| InVain { ended: Instant::now(), patience, bytes });
    }

    /// Copies what nobody needs in the log any longer. A failure leaves it there, for the next time.
    fn copy_log(&self) {
        if self.file.present().is_ok()
            && let Err(error) =
                self.connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)
        {
            tracing::debug!(%error, "the write-ahead log could not be copied");
        }
    }

    /// Copies the log into the database and truncates it, unless others read or write for longer than this;
    /// returns whether it did. Never into a file that is no longer the database.
    pub(in crate::db) fn empty_log(&self, patience: Duration) -> bool {
        if self.file.present().is_err() {
            return false;
        }
        self.checkpoint(patience).unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log could not be emptied");
            false
        })
    }

    /// False if others prevented it.
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
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::db::sqlite::Sqlite;
    use crate::db::sqlite::file::File;
    use crate::db::sqlite::thread::Kind;
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

    #[test]
    fn a_log_that_cannot_be_emptied_is_tried_again_after_a_pause_or_when_it_has_grown() {
        let now = Instant::now();
        let vain = |patience, bytes| Some(InVain { ended: now, patience, bytes });
        assert_eq!(patience(LARGE - 1, None, now), None);
        assert_eq!(patience(LARGE, None, now), Some(FOR_LARGE));
        assert_eq!(patience(TOO_LARGE, None, now), Some(FOR_TOO_LARGE));
        let (large, too_large) = (vain(FOR_LARGE, LARGE), vain(FOR_TOO_LARGE, TOO_LARGE));
        let later = |patience: Duration| now + PAUSE * patience;
        assert_eq!(patience(LARGE + 1, large, now), None);
        assert_eq!(patience(LARGE + 1, large, later(FOR_LARGE)), Some(FOR_LARGE));
        assert_eq!(patience(TOO_LARGE, large, now), Some(FOR_TOO_LARGE));
        assert_eq!(patience(2 * TOO_LARGE - 1, too_large, now), None);
        assert_eq!(patience(2 * TOO_LARGE, too_large, now), Some(FOR_TOO_LARGE));
        assert_eq!(patience(TOO_LARGE, too_large, later(FOR_TOO_LARGE)), Some(FOR_TOO_LARGE));
    }

    #[test]
    fn the_log_is_copied_after_the_write_that_makes_it_long_and_within_long_work() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut session = SqliteSession::open(&Arc::new(File::new(&path)), Kind::Write).unwrap();
        session.control("CREATE TABLE notes (text BLOB)").unwrap();
        let bytes = || path.metadata().unwrap().len();
        let write = || session.control("INSERT INTO notes VALUES (zeroblob(5000000))").unwrap();
        write();
        assert!(bytes() < 1_000_000, "copied while the caller waited");
        for _ in 0..4 {
            write();
        }
        assert!(bytes() > 15_000_000, "not copied within long work");
        write();
        session.bound_log();
        assert!(bytes() > 30_000_000, "not copied afterwards");
    }

    /// Checked by the amount written, not by time: on a machine too busy for three readers to end within two
    /// seconds, an attempt fails, and the next follows when the log has grown.
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
        let (mut largest, mut emptied, mut before) = (0, 0, 0);
        while emptied < 2 && largest < 12 * TOO_LARGE {
            db.write(None, vec![step!(ADD)]).await.unwrap();
            let bytes = path.with_extension("db-wal").metadata().unwrap().len();
            emptied += u32::from(bytes < before);
            (before, largest) = (bytes, largest.max(bytes));
        }
        over.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.join().unwrap();
        }
        assert_eq!(emptied, 2, "{largest} bytes");
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
