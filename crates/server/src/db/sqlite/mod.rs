//! SQLite: two reader threads, one for searches and one writer thread, so that nothing blocks an async
//! worker, nobody waits for a search and writes never contend within the process. With WAL, readers continue
//! while the writer commits.

pub(in crate::db) mod file;
mod group;
mod log;
pub(crate) mod open;
mod queue;
pub(crate) mod row;
mod serve;
pub(in crate::db) mod session;
pub(in crate::db) mod thread;

use std::sync::Arc;

use crate::config::SqliteFile;
use crate::db::database::Effort;
use crate::db::sqlite::file::File;
use crate::db::sqlite::row::failed;
use crate::db::sqlite::session::SqliteSession;
use crate::db::sqlite::thread::{Kind, Threads};
use crate::db::{FromRow, Row, RowSink};
use crate::gate::{Gate, Via, active, holds, key_of_owner, live};
use crate::metrics::Metrics;
use crate::sql::{DbError, Result, Sql, Step};
use crate::step;

const READERS: usize = 2;

const GATE: Sql = crate::statement!(
    "GATE",
    concat!(
        "SELECT s.confirmed FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :session \
        AND s.user_id = :user AND ",
        live!("s.", ":now"),
        " AND ",
        active!("u.", ":now")
    )
);
const IDENTITY_GATE: Sql = crate::statement!(
    "IDENTITY_GATE",
    concat!(
        "SELECT 0 AS confirmed FROM identities i JOIN users u ON u.id = i.user_id WHERE i.id = :session \
        AND i.user_id = :user AND ",
        active!("u.", ":now")
    )
);
const HOLDS: Sql =
    crate::statement!("HOLDS", concat!("SELECT 1 WHERE ", holds!(":user", ":needed")));
const KEY_GATE: Sql = crate::statement!("KEY_GATE", key_of_owner!());

/// A SQLite database.
#[derive(Debug)]
pub(in crate::db) struct Sqlite {
    readers: Threads,
    searcher: Threads,
    writer: Threads,
    pub(in crate::db) metrics: Metrics,
}

impl Sqlite {
    pub(in crate::db) async fn open(file: impl Into<SqliteFile>) -> Result<Self> {
        let file = Arc::new(File::new(file));
        let writer = Threads::start(&file, Kind::Write, 1).await?;
        let readers = Threads::start(&file, Kind::Read, READERS).await?;
        let searcher = Threads::start(&file, Kind::Search, 1).await?;
        Ok(Self { readers, searcher, writer, metrics: file.metrics.clone() })
    }

    /// Processes the queue and closes all connections, the writer's last, which leaves a single file. Blocks
    /// until then.
    pub(in crate::db) fn close(&self) {
        for threads in [&self.readers, &self.searcher, &self.writer] {
            threads.close();
        }
    }

    /// Prepares the statement without running it.
    pub(in crate::db) async fn prepare(&self, sql: Sql) -> Result<()> {
        self.readers
            .run(move |session| {
                let prepared = session.connection.prepare(sql.sqlite);
                prepared.map(drop).map_err(failed)
            })
            .await
    }

    pub(in crate::db) async fn query<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        self.readers.run(move |session| session.run(&step)).await
    }

    pub(in crate::db) async fn read_as<T: FromRow>(
        &self,
        gate: Gate,
        step: Step,
    ) -> Result<Vec<T>> {
        let work = move |session: &mut SqliteSession| session.run(&step);
        self.behind_gate(&self.readers, gate, work).await
    }

    pub(in crate::db) async fn page_into<R: RowSink>(
        &self,
        gate: Gate,
        step: Step,
        whole: bool,
        effort: Effort,
        into: R,
    ) -> Result<R> {
        let work = move |session: &mut SqliteSession| {
            if whole { session.run_into(&step, into) } else { session.page(&step, into) }
        };
        let threads = match effort {
            Effort::Quick => &self.readers,
            Effort::Search => &self.searcher,
        };
        self.behind_gate(threads, gate, work).await
    }

    async fn behind_gate<R: RowSink>(
        &self,
        threads: &Threads,
        gate: Gate,
        work: impl FnOnce(&mut SqliteSession) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let read = move |session: &mut SqliteSession| {
            session.inside(|session| Ok((session.check(&gate)?, work(session)?)))
        };
        let (confirmed, rows) = threads.run(read).await?;
        if confirmed < gate.generation {
            // The work is done, so a failure is only logged: the next use records it.
            let confirm = self.writer.write(move |session| session.confirm(&gate));
            if let Err(error) = Box::pin(confirm).await {
                tracing::warn!(%error, "the first use of a session could not be recorded");
            }
        }
        Ok(rows)
    }

    pub(in crate::db) async fn write(
        &self,
        gate: Option<Gate>,
        steps: Vec<Step>,
    ) -> Result<Vec<Vec<Row>>> {
        let write = move |session: &mut SqliteSession| {
            if let Some(gate) = &gate
                && session.check(gate)? < gate.generation
            {
                session.confirm(gate)?;
            }
            steps.iter().map(|step| session.run(step)).collect()
        };
        self.writer.write(write).await
    }
}

impl Drop for Sqlite {
    /// There are no handles left, so this delays nobody.
    fn drop(&mut self) {
        self.close();
    }
}

impl SqliteSession {
    /// From here to [`SqliteSession::release_snapshot`], reads see one state of the database. All of them
    /// were requested before it was taken, so none misses anything.
    pub(in crate::db) fn share_snapshot(&mut self) {
        if let Err(error) = self.control("BEGIN") {
            tracing::debug!(%error, "reads continue one at a time");
        }
    }

    /// Ends a shared snapshot, if there is one; false if the connection is unusable.
    pub(in crate::db) fn release_snapshot(&self) -> bool {
        self.connection.is_autocommit() || self.control("COMMIT").is_ok()
    }

    /// Runs the work in one snapshot: the shared one, or its own.
    fn inside<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if !self.connection.is_autocommit() {
            return work(self);
        }
        self.control("BEGIN")?;
        let outcome = work(self).and_then(|done| self.control("COMMIT").map(|()| done));
        if outcome.is_err()
            && !self.connection.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            // Closing the connection rolls back; `Away` makes its thread close it.
            return Err(DbError::Away(format!("a transaction could not be rolled back: {error}")));
        }
        outcome
    }

    fn check(&self, gate: &Gate) -> Result<i64> {
        let Gate { session_id: session, user_id: user, now, .. } = *gate;
        let step = match gate.via {
            Via::Session | Via::Imported => step!(GATE { session, user, now }),
            Via::Identity => step!(IDENTITY_GATE { session, user, now }),
            Via::Key(of_key) => {
                let (scope, address) = (of_key.scope_name(), of_key.address.as_slice());
                step!(KEY_GATE { session, user, now, since: gate.used_since(), scope, address })
            }
        };
        let confirmed = *self.run(&step)?.first().ok_or(DbError::SessionEnded)?;
        if let Some(needed) = gate.permission {
            let needed = needed.as_str();
            if self.run::<()>(&step!(HOLDS { user, needed }))?.is_empty() {
                return Err(DbError::Refused(format!("insufficient_scope:{needed}")));
            }
        }
        Ok(confirmed)
    }

    fn confirm(&self, gate: &Gate) -> Result<()> {
        self.run::<()>(&gate.first_use()).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use futures_util::future::join_all;

    use super::*;

    const CREATE: Sql =
        crate::statement!("CREATE", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    const ADD: Sql = crate::statement!("ADD", "INSERT INTO notes VALUES (:id, :text)");
    const ALL: Sql = crate::statement!("ALL", "SELECT text FROM notes ORDER BY id");

    fn add(id: i64, text: &str) -> Step {
        step!(ADD { id, text })
    }

    async fn notes() -> (tempfile::TempDir, Sqlite) {
        let folder = tempfile::tempdir().unwrap();
        let db = Sqlite::open(&folder.path().join("a.db")).await.unwrap();
        db.write(None, vec![step!(CREATE)]).await.unwrap();
        db.write(None, vec![add(1, "first")]).await.unwrap();
        (folder, db)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_writer_held_by_another_process_is_away_in_time_and_reads_go_on() {
        let (folder, db) = notes().await;
        let other = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        let write = || db.write(None, vec![add(2, "second")]);
        let decided = AtomicBool::new(false);
        let writes = async {
            let outcomes = join_all((0..5).map(|_| write())).await;
            decided.store(true, Ordering::SeqCst);
            outcomes
        };
        let reads = async {
            let mut done = 0;
            while !decided.load(Ordering::SeqCst) {
                db.query::<String>(step!(ALL)).await.unwrap();
                done += 1;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            done
        };
        let (outcomes, reads) = tokio::join!(writes, reads);
        assert!(outcomes.iter().all(|one| matches!(one, Err(DbError::Away(_)))), "{outcomes:?}");
        // The deadline of one call; in sequence they would take 15 s.
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(reads > 20, "{reads} reads while the writes waited");
        other.execute_batch("ROLLBACK").unwrap();
        write().await.unwrap();
        assert_eq!(db.query::<String>(step!(ALL)).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_failed_step_undoes_those_before_it_and_the_next_write_works() {
        let (_folder, db) = notes().await;
        let steps = vec![add(2, "second"), add(1, "again")];
        let refused = db.write(None, steps).await;
        assert!(matches!(refused, Err(DbError::Unique(_))), "{refused:?}");
        assert_eq!(db.query::<String>(step!(ALL)).await.unwrap().len(), 1);
        db.write(None, vec![add(2, "second")]).await.unwrap();
        assert_eq!(db.query::<String>(step!(ALL)).await.unwrap().len(), 2);
    }
}
