//! The loop of each SQLite thread: takes its share of the queue and processes it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::db::sqlite::file::File;
use crate::db::sqlite::group::{alone, together};
use crate::db::sqlite::queue::{Job, Queue};
use crate::db::sqlite::session::SqliteSession;
use crate::db::sqlite::thread::Kind;
use crate::sql::{DbError, Result};

/// Maximum number of jobs taken at a time.
const BATCH: usize = 16;
/// How long the last connection waits for other processes before it leaves the log to them.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Runs until the queue is closed.
pub(in crate::db) fn serve(
    queue: &Queue,
    file: &Arc<File>,
    kind: Kind,
    threads: usize,
    ready: oneshot::Sender<Result<()>>,
) {
    let mut session = match SqliteSession::open(file, kind) {
        Ok(session) => {
            let _ = ready.send(Ok(()));
            Some(session)
        }
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let mut batch = VecDeque::new();
    while queue.take(&mut batch, threads, BATCH) {
        if let Err(gone) = file.present() {
            for job in batch.drain(..) {
                refuse(job, gone.clone());
            }
            continue;
        }
        if kind == Kind::Write {
            session = share_transactions(&mut batch, session, file);
        } else if let Some(session) = session.as_mut().filter(|_| batch.len() > 1)
            && kind == Kind::Read
        {
            session.share_snapshot();
        }
        for job in batch.drain(..) {
            session = work_off(job, session, file, kind);
        }
        session = session.filter(SqliteSession::release_snapshot);
        if let Some(session) = session.as_mut().filter(|_| kind == Kind::Write) {
            session.bound_log();
        }
    }
    if let Some(session) = session.filter(|_| kind == Kind::Write) {
        session.empty_log(LAST_WAIT);
    }
}

/// Processes the writes that can share a transaction, if there are several; leaves what must run separately.
fn share_transactions(
    batch: &mut VecDeque<Job>,
    session: Option<SqliteSession>,
    file: &Arc<File>,
) -> Option<SqliteSession> {
    let shared = |job: &Job| matches!(job, Job::Shared(write) if write.is_awaited());
    if batch.iter().filter(|job| shared(job)).count() < 2 {
        return session;
    }
    // If the file cannot be opened, each job gets the reason separately.
    let mut current = session.or_else(|| SqliteSession::open(file, Kind::Write).ok())?;
    let (mut writes, mut rest) = (Vec::new(), VecDeque::new());
    for job in batch.drain(..) {
        match job {
            Job::Shared(write) => writes.push(write),
            alone @ Job::Alone(_) => rest.push_back(alone),
        }
    }
    writes.retain(|write| write.is_awaited());
    let (left, keep) = together(writes, &mut current);
    batch.extend(left.into_iter().map(Job::Shared).chain(rest));
    keep.then_some(current)
}

/// Runs one job; returns the connection if it is still usable.
fn work_off(
    job: Job,
    session: Option<SqliteSession>,
    file: &Arc<File>,
    kind: Kind,
) -> Option<SqliteSession> {
    let mut current = match session.map_or_else(|| SqliteSession::open(file, kind), Ok) {
        Ok(current) => current,
        Err(error) => {
            let _ = catch_unwind(AssertUnwindSafe(|| refuse(job, error)));
            return None;
        }
    };
    let keep = catch_unwind(AssertUnwindSafe(|| match job {
        Job::Alone(work) => work(Ok(&mut current)),
        Job::Shared(write) => alone(write, &mut current),
    }));
    keep.unwrap_or(false).then_some(current)
}

fn refuse(job: Job, error: DbError) {
    match job {
        Job::Alone(work) => drop(work(Err(error))),
        Job::Shared(write) => write.fail(error),
    }
}
