//! Threads that own SQLite connections and serve a bounded queue, so that nothing blocks an async worker.
//! Work whose caller has gone is not started; a statement past its deadline is interrupted by SQLite itself,
//! so it affects nobody else. After a file error or a panic, the connection is reopened for the next caller:
//! a full disk requires no restart.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::db::counted::CountedCall;
use crate::db::database::{CALL_WITHIN, SEARCH_WITHIN};
use crate::db::sqlite::file::File;
use crate::db::sqlite::group::Awaited;
use crate::db::sqlite::queue::{Job, Queue};
use crate::db::sqlite::serve::serve;
use crate::db::sqlite::session::{SqliteSession, late};
use crate::metrics::{LaneLabel, Metrics};
use crate::patience::Wait;
use crate::sql::{DbError, Result};

/// The purposes of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Kind {
    Write,
    Read,
    Search,
}

/// Threads with the same kind of connection and one queue.
#[derive(Debug)]
pub(in crate::db) struct Threads {
    queue: Arc<Queue>,
    metrics: Metrics,
    lane: LaneLabel,
    longest: Duration,
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts them; fails with one sentence if a connection cannot be opened.
    pub(in crate::db) async fn start(file: &Arc<File>, kind: Kind, count: usize) -> Result<Self> {
        let (name, lane, longest) = match kind {
            Kind::Write => ("sqlite-writer", LaneLabel::Writes, CALL_WITHIN),
            Kind::Read => ("sqlite-reader", LaneLabel::Reads, CALL_WITHIN),
            Kind::Search => ("sqlite-searcher", LaneLabel::Searches, SEARCH_WITHIN),
        };
        let metrics = file.metrics.clone();
        let queue = Arc::new(Queue::new(metrics.clone(), lane));
        let threads = Self { queue, metrics, lane, longest, running: Mutex::default() };
        for _ in 0..count {
            let (ready, opened) = oneshot::channel();
            let (queue, file) = (Arc::clone(&threads.queue), Arc::clone(file));
            let running = std::thread::Builder::new()
                .name(name.into())
                .spawn(move || serve(&queue, &file, kind, count, ready))
                .map_err(|error| DbError::Away(error.to_string()))?;
            threads.running().push(running);
            opened.await.map_err(|_| stopped())??;
        }
        Ok(threads)
    }

    /// Runs the work on the next free thread.
    pub(in crate::db) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteSession) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let longest = self.longest;
        self.ask(|answer, deadline| {
            Job::Alone(Box::new(move |session| {
                if answer.is_closed() {
                    return true;
                }
                let outcome = session.and_then(|session| {
                    session.until(deadline.min(Instant::now() + longest))?;
                    work(session)
                });
                let keep = !matches!(outcome, Err(DbError::Away(_)));
                let _ = answer.send(outcome);
                keep
            }))
        })
        .await
    }

    /// Runs the work in a transaction, possibly shared with other queued work: all of it or, after an error,
    /// none.
    pub(in crate::db) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut SqliteSession) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.ask(|answer, deadline| {
            Job::Shared(Box::new(Awaited { work, deadline, outcome: None, answer }))
        })
        .await
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T>>, Instant) -> Job,
    ) -> Result<T> {
        let call = CountedCall::begin(&self.metrics, self.lane);
        let answer = self.ask_uncounted(job).await;
        call.end(&answer);
        answer
    }

    async fn ask_uncounted<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T>>, Instant) -> Job,
    ) -> Result<T> {
        let wait = Wait::begin(CALL_WITHIN);
        let (answer, answered) = oneshot::channel();
        self.queue.push(job(answer, wait.until().into_std()))?;
        // The thread stops the work at the deadline and knows best what happened to it.
        let patience = wait.until() + Duration::from_millis(200);
        match tokio::time::timeout_at(patience, answered).await {
            Ok(outcome) => outcome.map_err(|_| stopped())?,
            Err(_) => Err(late()),
        }
    }
}

impl Threads {
    /// Accepts no more work; returns when the queue is empty and the connections are closed.
    pub(in crate::db) fn close(&self) {
        self.queue.close();
        let running = std::mem::take(&mut *self.running());
        for thread in running {
            let _ = thread.join();
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn stopped() -> DbError {
    DbError::Away("the work on SQLite was interrupted".into())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::db::sqlite::queue::QUEUE;
    use crate::db::sqlite::row::failed;

    async fn threads(path: &Path, kind: Kind) -> Threads {
        Threads::start(&Arc::new(File::new(path)), kind, 1).await.unwrap()
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        (folder, path)
    }

    fn poll<T>(call: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        call.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn insert(session: &mut SqliteSession) -> Result<()> {
        let sql = "INSERT INTO t VALUES (randomblob(100000))";
        session.connection.execute(sql, []).map(drop).map_err(failed)
    }

    #[tokio::test]
    async fn a_full_disk_refuses_by_name_and_writes_recover_when_there_is_room() {
        let (_folder, path) = folder();
        let writer = threads(&path, Kind::Write).await;
        let create = |session: &mut SqliteSession| {
            session.connection.execute_batch("CREATE TABLE t (b)").map_err(failed)
        };
        writer.run(create).await.unwrap();
        let full = |session: &mut SqliteSession| {
            session.connection.pragma_update(None, "max_page_count", 4).unwrap();
            insert(session)
        };
        let refused = writer.run(full).await;
        assert!(matches!(refused, Err(DbError::Full(_))), "{refused:?}");
        let room = |session: &mut SqliteSession| {
            session.connection.pragma_update(None, "max_page_count", 1 << 20).unwrap();
            insert(session)
        };
        writer.run(room).await.unwrap();
        let whole = |session: &mut SqliteSession| {
            let check =
                session.connection.query_row("PRAGMA integrity_check", [], |row| row.get(0));
            check.map_err(failed)
        };
        assert_eq!(writer.run::<String>(whole).await.unwrap(), "ok");
    }

    #[tokio::test]
    async fn a_statement_that_never_ends_is_interrupted_and_the_thread_goes_on() {
        let (_folder, path) = folder();
        let writer = threads(&path, Kind::Write).await;
        let endless = |session: &mut SqliteSession| {
            let sql = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) \
                       SELECT max(i) FROM n";
            session.connection.query_row(sql, [], |_| Ok(())).map_err(failed)
        };
        let ended = writer.run(endless).await;
        assert!(matches!(ended, Err(DbError::Away(_))), "{ended:?}");
        // It would fail too if the thread were still counting.
        writer.run(|_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_costs_its_caller_only() {
        let (_folder, path) = folder();
        let writer = threads(&path, Kind::Write).await;
        let broken = writer.run::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(broken, Err(DbError::Away(_))), "{broken:?}");
        writer.run(|_| Ok(())).await.unwrap();
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_work_nobody_waits_for_is_not_begun() {
        let (_folder, path) = folder();
        let writer = threads(&path, Kind::Write).await;
        let mut calls: Vec<_> = Vec::new();
        let (first, release) = hold(&writer);
        let begun = Arc::new(AtomicU64::new(0));
        let mut refused = 0;
        for _ in 0..QUEUE + 50 {
            let begun = Arc::clone(&begun);
            let mut call = Box::pin(writer.run(move |_| {
                begun.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }));
            match poll(call.as_mut()) {
                Poll::Ready(Err(DbError::Overloaded)) => refused += 1,
                Poll::Pending => calls.push(call),
                other @ Poll::Ready(_) => panic!("{other:?}"),
            }
        }
        assert_eq!(refused, 50);
        drop(calls);
        release.send(()).unwrap();
        first.await.unwrap();
        // The queue is full until the thread has skipped the work that nobody waits for.
        while let Err(refused) = writer.run(|_| Ok(())).await {
            assert!(matches!(refused, DbError::Overloaded), "{refused:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(begun.load(Ordering::SeqCst), 0);
    }

    /// Occupies the only thread until the sender is used or dropped.
    fn hold(thread: &Threads) -> (impl Future<Output = Result<()>>, Sender<()>) {
        let (release, held) = channel::<()>();
        let (sender, begun) = channel::<()>();
        let mut call = Box::pin(thread.run(move |_| {
            let _ = sender.send(());
            let _ = held.recv();
            Ok(())
        }));
        assert!(poll(call.as_mut()).is_pending());
        begun.recv().unwrap();
        (call, release)
    }

    #[tokio::test]
    async fn reads_that_waited_together_share_a_snapshot_that_has_every_earlier_write() {
        let (_folder, path) = folder();
        let (writer, reader) =
            (threads(&path, Kind::Write).await, threads(&path, Kind::Read).await);
        let write = |sql: &'static str| {
            writer.run(move |session| session.connection.execute_batch(sql).map_err(failed))
        };
        write("CREATE TABLE t (b)").await.unwrap();
        let (first, release) = hold(&reader);
        write("INSERT INTO t VALUES (1)").await.unwrap();
        let count = |session: &mut SqliteSession| {
            let rows: i64 = session
                .connection
                .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
                .map_err(failed)?;
            Ok((rows, session.connection.is_autocommit()))
        };
        let mut reads = [Box::pin(reader.run(count)), Box::pin(reader.run(count))];
        for read in &mut reads {
            assert!(poll(read.as_mut()).is_pending());
        }
        release.send(()).unwrap();
        first.await.unwrap();
        for read in reads {
            assert_eq!(read.await.unwrap(), (1, false));
        }
        assert_eq!(reader.run(count).await.unwrap(), (1, true));
    }

    #[tokio::test]
    async fn a_failure_in_a_batch_costs_its_caller_only() {
        let (_folder, path) = folder();
        threads(&path, Kind::Write).await.run(|_| Ok(())).await.unwrap();
        let reader = threads(&path, Kind::Read).await;
        let (first, release) = hold(&reader);
        let one = |session: &mut SqliteSession| {
            session.connection.query_row("SELECT 1", [], |row| row.get(0)).map_err(failed)
        };
        let mut before = Box::pin(reader.run::<i64>(one));
        let mut broken = Box::pin(reader.run::<i64>(|_| panic!("on purpose")));
        let mut after = Box::pin(reader.run::<i64>(one));
        for call in [before.as_mut(), after.as_mut()] {
            assert!(poll(call).is_pending());
        }
        assert!(poll(broken.as_mut()).is_pending());
        release.send(()).unwrap();
        first.await.unwrap();
        assert_eq!((before.await.unwrap(), after.await.unwrap()), (1, 1));
        assert!(matches!(broken.await, Err(DbError::Away(_))));
        assert_eq!(reader.run::<i64>(one).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_opened_is_reported_in_one_sentence() {
        let (folder, _) = folder();
        std::fs::write(folder.path().join("text"), "not a database, not at all".repeat(50))
            .unwrap();
        for (file, sentence) in [
            ("text", "is not a SQLite database"),
            ("absent/a.db", "does not exist: create it"),
            ("", "is a folder"),
        ] {
            let path = folder.path().join(file);
            let file = Arc::new(File::new(&path));
            let error = Threads::start(&file, Kind::Write, 1).await.unwrap_err().to_string();
            assert!(error.contains(sentence) && error.ends_with('.'), "{error}");
        }
    }
}
