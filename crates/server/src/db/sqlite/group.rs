//! Queued writes share one transaction, each with its own savepoint: pages that several of them change are
//! written once, and with `SQLITE_SYNCHRONOUS=full` they share one flush. Nobody gets a result before the
//! commit. If SQLite rolls the transaction back because of one write, the others run again separately, which
//! is possible because a write is a list of statements.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::db::sqlite::session::SqliteSession;
use crate::sql::{DbError, Result};

/// The result of a write within a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Tried {
    /// All of it.
    Done,
    /// Nothing, and the rest of the transaction stands.
    Refused,
    /// Nothing, and the connection is unusable.
    Away,
}

/// All of its statements or none of them.
pub(in crate::db) trait Write: Send {
    /// Whether somebody still waits for it.
    fn is_awaited(&self) -> bool;

    /// Its deadline.
    fn deadline(&self) -> Instant;

    /// Runs its statements and keeps the result.
    fn attempt(&mut self, session: &mut SqliteSession) -> Tried;

    /// Returns the result to the caller; this error instead if the transaction did not end well.
    fn answer(self: Box<Self>, ended: Result<()>);

    /// Tells the caller that it could not be attempted.
    fn fail(self: Box<Self>, error: DbError);
}

/// A write with its waiting caller.
pub(in crate::db) struct Awaited<T, W> {
    pub(in crate::db) work: W,
    pub(in crate::db) deadline: Instant,
    pub(in crate::db) outcome: Option<Result<T>>,
    pub(in crate::db) answer: oneshot::Sender<Result<T>>,
}

impl<T, W> Write for Awaited<T, W>
where
    T: Send,
    W: FnMut(&mut SqliteSession) -> Result<T> + Send,
{
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn attempt(&mut self, session: &mut SqliteSession) -> Tried {
        let outcome = session.until(self.deadline).and_then(|()| (self.work)(session));
        let attempt = match &outcome {
            Ok(_) => Tried::Done,
            Err(DbError::Away(_)) => Tried::Away,
            Err(_) => Tried::Refused,
        };
        self.outcome = Some(outcome);
        attempt
    }

    fn answer(self: Box<Self>, ended: Result<()>) {
        let Some(outcome) = self.outcome else { return };
        let _ = self.answer.send(outcome.and_then(|done| ended.map(|()| done)));
    }

    fn fail(self: Box<Self>, error: DbError) {
        let _ = self.answer.send(Err(error));
    }
}

/// Why a shared transaction failed.
enum Undone {
    /// Others locked the file, or the commit failed.
    NobodysFault,
    /// The write at this index.
    By(usize),
    /// It panicked, so it has no result.
    Panic(usize),
}

/// Runs the writes in one transaction and returns their results. What is left must run separately, on a new
/// connection if the second value is false.
pub(in crate::db) fn together(
    mut writes: Vec<Box<dyn Write>>,
    session: &mut SqliteSession,
) -> (Vec<Box<dyn Write>>, bool) {
    let Err(undone) = attempt_all(&mut writes, session) else {
        if let Some(meters) = session.file.metrics.on() {
            meters.sqlite.group.add(u64::try_from(writes.len()).unwrap_or(u64::MAX));
        }
        let ended = session.confirmed();
        for write in writes {
            write.answer(ended.clone());
        }
        return (Vec::new(), true);
    };
    let is_clean = session.connection.is_autocommit() || session.control("ROLLBACK").is_ok();
    match undone {
        Undone::NobodysFault => (writes, is_clean),
        Undone::By(at) => {
            writes.remove(at).answer(Ok(()));
            (writes, false)
        }
        Undone::Panic(at) => {
            drop(writes.remove(at));
            (writes, false)
        }
    }
}

fn attempt_all(
    writes: &mut [Box<dyn Write>],
    session: &mut SqliteSession,
) -> std::result::Result<(), Undone> {
    let nobody = |_: DbError| Undone::NobodysFault;
    if let Some(first) = writes.iter().map(|write| write.deadline()).min() {
        session.until(first).map_err(nobody)?;
    }
    session.control("BEGIN IMMEDIATE").map_err(nobody)?;
    for (at, write) in writes.iter_mut().enumerate() {
        session.control("SAVEPOINT one").map_err(nobody)?;
        let attempt = catch_unwind(AssertUnwindSafe(|| write.attempt(session)));
        let attempt = attempt.map_err(|_| Undone::Panic(at))?;
        if attempt == Tried::Away || session.connection.is_autocommit() {
            return Err(Undone::By(at));
        }
        if attempt == Tried::Refused {
            session.control("ROLLBACK TO one").map_err(nobody)?;
        }
        session.control("RELEASE one").map_err(nobody)?;
    }
    session.control("COMMIT").map_err(nobody)
}

/// Runs one write in its own transaction and returns its result; false if the connection is unusable.
pub(in crate::db) fn alone(mut write: Box<dyn Write>, session: &mut SqliteSession) -> bool {
    if !write.is_awaited() {
        return true;
    }
    let began = session.until(write.deadline()).and_then(|()| session.control("BEGIN IMMEDIATE"));
    if let Err(error) = began {
        let keep = !matches!(error, DbError::Away(_));
        write.fail(error);
        return keep;
    }
    let attempt = write.attempt(session);
    let ended = match attempt {
        Tried::Done => session.control("COMMIT"),
        Tried::Refused | Tried::Away => Ok(()),
    };
    if let Some(meters) = session.file.metrics.on().filter(|_| attempt == Tried::Done) {
        meters.sqlite.group.add(1);
    }
    let is_clean = session.connection.is_autocommit() || session.control("ROLLBACK").is_ok();
    let keep = is_clean && attempt != Tried::Away && ended.is_ok();
    write.answer(ended.and_then(|()| session.confirmed()));
    keep
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::db::sqlite::file::File;
    use crate::db::sqlite::row::failed;
    use crate::db::sqlite::thread::Kind;

    type Answered = oneshot::Receiver<Result<()>>;

    fn database() -> (tempfile::TempDir, SqliteSession) {
        let folder = tempfile::tempdir().unwrap();
        let file = Arc::new(File::new(folder.path().join("a.db")));
        let session = SqliteSession::open(&file, Kind::Write).unwrap();
        session.connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY)").unwrap();
        (folder, session)
    }

    fn write(
        work: impl FnMut(&mut SqliteSession) -> Result<()> + Send + 'static,
    ) -> (Box<dyn Write>, Answered) {
        within(Duration::from_secs(20), work)
    }

    fn within(
        span: Duration,
        work: impl FnMut(&mut SqliteSession) -> Result<()> + Send + 'static,
    ) -> (Box<dyn Write>, Answered) {
        let (answer, answered) = oneshot::channel();
        let deadline = Instant::now() + span;
        (Box::new(Awaited { work, deadline, outcome: None, answer }), answered)
    }

    fn sql(text: &'static str) -> (Box<dyn Write>, Answered) {
        write(move |session| session.connection.execute_batch(text).map_err(failed))
    }

    fn rows(folder: &tempfile::TempDir) -> Vec<i64> {
        let other = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
        let mut rows = other.prepare("SELECT id FROM t ORDER BY id").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(std::result::Result::unwrap).collect()
    }

    fn split(pairs: Vec<(Box<dyn Write>, Answered)>) -> (Vec<Box<dyn Write>>, Vec<Answered>) {
        pairs.into_iter().unzip()
    }

    fn run_alone(folder: &tempfile::TempDir, old: SqliteSession, left: Vec<Box<dyn Write>>) {
        drop(old);
        let file = Arc::new(File::new(folder.path().join("a.db")));
        let mut fresh = SqliteSession::open(&file, Kind::Write).unwrap();
        for write in left {
            assert!(alone(write, &mut fresh));
        }
    }

    #[test]
    fn writes_that_wait_together_are_one_commit_and_a_refused_one_leaves_the_others_whole() {
        let (folder, mut session) = database();
        let commits = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&commits);
        let count = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            false
        };
        session.connection.commit_hook(Some(count)).unwrap();
        let (writes, mut answers) = split(vec![
            sql("INSERT INTO t VALUES (1)"),
            // Its first statement is undone with its second.
            sql("INSERT INTO t VALUES (7); INSERT INTO t VALUES (1)"),
            sql("INSERT INTO t VALUES (2)"),
        ]);
        let (left, keep) = together(writes, &mut session);
        assert!(left.is_empty() && keep);
        let outcomes: Vec<_> = answers.iter_mut().map(|one| one.try_recv().unwrap()).collect();
        assert!(matches!(outcomes[..], [Ok(()), Err(DbError::Unique(_)), Ok(())]), "{outcomes:?}");
        assert_eq!((rows(&folder), commits.load(Ordering::SeqCst)), (vec![1, 2], 1));
    }

    #[test]
    fn nobody_is_answered_before_the_commit() {
        let (folder, mut session) = database();
        let (first, first_answer) = sql("INSERT INTO t VALUES (1)");
        let answer = std::sync::Mutex::new(first_answer);
        let (second, _second_answer) = write(move |_| {
            assert!(answer.lock().unwrap().try_recv().is_err(), "answered too early");
            Ok(())
        });
        let (left, keep) = together(vec![first, second], &mut session);
        assert!(left.is_empty() && keep);
        assert_eq!(rows(&folder), [1]);
    }

    /// SQLite rolls back the whole transaction when it interrupts a write in it.
    #[test]
    fn a_write_past_its_deadline_costs_its_caller_only() {
        let (folder, mut session) = database();
        let endless = "WITH RECURSIVE n AS (SELECT 10 AS i UNION ALL SELECT i + 1 FROM n) \
                       INSERT INTO t SELECT i FROM n";
        let (writes, mut answers) = split(vec![
            sql("INSERT INTO t VALUES (1)"),
            within(Duration::from_millis(300), move |session| {
                session.connection.execute_batch(endless).map_err(failed)
            }),
            sql("INSERT INTO t VALUES (2)"),
        ]);
        let (left, keep) = together(writes, &mut session);
        assert!(!keep && left.len() == 2);
        run_alone(&folder, session, left);
        let outcomes: Vec<_> = answers.iter_mut().map(|one| one.try_recv().unwrap()).collect();
        assert!(matches!(outcomes[..], [Ok(()), Err(DbError::Away(_)), Ok(())]), "{outcomes:?}");
        assert_eq!(rows(&folder), [1, 2]);
    }

    #[test]
    fn a_panic_costs_its_caller_only_and_the_others_run_by_themselves() {
        let (folder, mut session) = database();
        let (writes, mut answers) = split(vec![
            sql("INSERT INTO t VALUES (1)"),
            write(|_| panic!("on purpose")),
            sql("INSERT INTO t VALUES (2)"),
        ]);
        let (left, keep) = together(writes, &mut session);
        assert!(!keep && left.len() == 2 && rows(&folder).is_empty());
        run_alone(&folder, session, left);
        let outcomes: Vec<_> = answers.iter_mut().map(oneshot::Receiver::try_recv).collect();
        assert!(matches!(outcomes[..], [Ok(Ok(())), Err(_), Ok(Ok(()))]), "{outcomes:?}");
        assert_eq!(rows(&folder), [1, 2]);
    }
}
