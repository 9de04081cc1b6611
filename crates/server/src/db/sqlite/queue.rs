//! The bounded queue of SQLite's threads, which wakes a thread only if one is asleep.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::db::sqlite::group::Write;
use crate::db::sqlite::session::SqliteSession;
use crate::metrics::{LaneLabel, Metrics};
use crate::sql::{DbError, Result};

/// Maximum length.
pub(in crate::db) const QUEUE: usize = 1024;
/// How often an idle thread yields before it sleeps: sleeping and waking costs more than a short read.
const YIELDS: u32 = 4;

/// Work that runs separately; false if its connection is unusable afterwards.
pub(in crate::db) type Lone = Box<dyn FnOnce(Result<&mut SqliteSession>) -> bool + Send>;

/// Work for a thread.
pub(in crate::db) enum Job {
    /// Runs separately.
    Alone(Lone),
    /// A write that may share a transaction with others.
    Shared(Box<dyn Write>),
}

/// The queue.
pub(in crate::db) struct Queue {
    metrics: Metrics,
    lane: LaneLabel,
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Sleeping threads.
    asleep: usize,
    closed: bool,
}

impl Queue {
    /// An empty queue with the metrics of this lane.
    pub(in crate::db) fn new(metrics: Metrics, lane: LaneLabel) -> Self {
        Self { metrics, lane, waiting: Mutex::default(), ready: Condvar::default() }
    }

    /// Adds a job, or rejects it immediately.
    pub(in crate::db) fn push(&self, job: Job) -> Result<()> {
        let mut waiting = locked(&self.waiting);
        if waiting.closed {
            return Err(DbError::Away("the database is closed".into()));
        }
        if waiting.jobs.len() >= QUEUE {
            return Err(DbError::Overloaded);
        }
        waiting.jobs.push_back(job);
        self.count(&waiting);
        // Waking a thread is a system call, made only for the first job of a burst.
        let wake = waiting.asleep > 0;
        waiting.asleep -= usize::from(wake);
        drop(waiting);
        if wake {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// No more jobs are accepted; threads end when the queue is empty.
    pub(in crate::db) fn close(&self) {
        locked(&self.waiting).closed = true;
        self.ready.notify_all();
    }

    /// Moves this thread's share of the queue into `batch`, once there is something; false once the queue is
    /// closed and empty.
    pub(in crate::db) fn take(
        &self,
        batch: &mut VecDeque<Job>,
        threads: usize,
        most: usize,
    ) -> bool {
        let mut waiting = locked(&self.waiting);
        let mut patience = YIELDS;
        while waiting.jobs.is_empty() && !waiting.closed {
            if patience > 0 {
                // Lets senders run first.
                patience -= 1;
                drop(waiting);
                std::thread::yield_now();
                waiting = locked(&self.waiting);
                continue;
            }
            waiting.asleep += 1;
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let share = waiting.jobs.len().div_ceil(threads).min(most);
        batch.extend(waiting.jobs.drain(..share));
        self.count(&waiting);
        !batch.is_empty()
    }

    fn count(&self, waiting: &Waiting) {
        if let Some(lane) = self.metrics.on().and_then(|meters| meters.lane(self.lane)) {
            lane.waiting.set(u64::try_from(waiting.jobs.len()).unwrap_or(u64::MAX));
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Queue").finish_non_exhaustive()
    }
}

fn locked(mutex: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
