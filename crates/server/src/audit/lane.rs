//! The lane for records outside of a transaction: a bounded queue, and a task that stores its contents in
//! batches. A full queue or a long database outage loses records, never requests; each loss is logged as an
//! error with the number so far.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use super::Audit;
use super::folded::WINDOW;
use crate::clock::Daily;
use crate::sql::{DbError, Step};

const QUEUE: usize = 4096;
const BATCH: usize = 64;
/// Delays between attempts to store a batch while the database is unavailable.
const RETRIES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];

enum Note {
    Record(Step),
    Prune,
    Flush(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
pub(super) struct RecordLane {
    queue: OnceLock<mpsc::Sender<Note>>,
    lost: AtomicU64,
    pruned: Daily,
}

impl RecordLane {
    pub(super) fn put(&self, audit: &Audit, record: Step) {
        if self.queue(audit).try_send(Note::Record(record)).is_err() {
            self.lose(1, "the queue is full");
        }
    }

    pub(super) fn prune(&self, audit: &Audit) {
        // If the queue is full, pruning can wait until tomorrow.
        let _ = self.queue(audit).try_send(Note::Prune);
    }

    pub(super) async fn flush(&self) {
        // Nothing was noted, so there is nothing to wait for.
        let Some(queue) = self.queue.get() else { return };
        let (done, stored) = oneshot::channel();
        if queue.send(Note::Flush(done)).await.is_ok() {
            let _ = stored.await;
        }
    }

    /// True once a day.
    pub(super) fn is_due(&self, now: OffsetDateTime) -> bool {
        self.pruned.is_due(now)
    }

    fn queue(&self, audit: &Audit) -> &mpsc::Sender<Note> {
        self.queue.get_or_init(|| {
            let (queue, notes) = mpsc::channel(QUEUE);
            tokio::spawn(work(audit.clone(), notes));
            queue
        })
    }

    fn lose(&self, count: u64, why: &str) {
        let lost = self.lost.fetch_add(count, Ordering::Relaxed) + count;
        tracing::error!(target: "audit", lost, why, "audit records are only in this log");
    }
}

async fn work(audit: Audit, mut notes: mpsc::Receiver<Note>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        // Counts are written at the end of their minute, even if nothing else happens.
        let wait = if audit.folded.is_empty() { Duration::MAX } else { WINDOW };
        match tokio::time::timeout(wait, notes.recv_many(&mut batch, BATCH)).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(_) => {
                let counts = audit.folded.due(audit.clock.now());
                batch.extend(counts.into_iter().map(|record| Note::Record(audit.step(record))));
            }
        }
        let mut records = Vec::new();
        let mut waiting = Vec::new();
        let mut prune = false;
        for note in batch.drain(..) {
            match note {
                Note::Record(step) => records.push(step),
                Note::Prune => prune = true,
                Note::Flush(done) => waiting.push(done),
            }
        }
        store(&audit, records).await;
        if prune && let Err(error) = audit.prune().await {
            tracing::warn!(target: "audit", %error, "old audit records were not removed");
        }
        for done in waiting {
            let _ = done.send(());
        }
    }
}

async fn store(audit: &Audit, records: Vec<Step>) {
    if records.is_empty() {
        return;
    }
    let count = records.len() as u64;
    let mut waits = RETRIES.iter();
    loop {
        let Err(error) = audit.db.write(records.clone()).await else { return };
        let passing = matches!(
            error,
            DbError::Away(_)
                | DbError::NotAdmitted(_)
                | DbError::Full(_)
                | DbError::Unconfirmed(_)
                | DbError::Overloaded
        );
        match waits.next().filter(|_| passing) {
            Some(wait) => tokio::time::sleep(*wait).await,
            None => return audit.lane.lose(count, &error.to_string()),
        }
    }
}
