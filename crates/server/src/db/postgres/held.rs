//! Work that waits for other sessions' locks on rows or tables. A connection waits for a lock only briefly
//! ([`LOCK_WITHIN`]); then the work waits here, where it blocks nobody, and is retried: a few at a time, so
//! that long locks never fill the connections that others need.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

/// How long a statement waits for a lock on its connection, in PostgreSQL's format.
pub(in crate::db) const LOCK_WITHIN: &str = "50ms";
/// How long a caller waits for locks in total.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Delay between two attempts of one caller.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it is remembered whose work met a lock: their further work comes here immediately.
const MEMORY: Duration = Duration::from_secs(1);
/// Maximum number of remembered owners.
const REMEMBERED: usize = 1024;
/// The share of a lane's queue that may wait for locks.
const QUEUE_SHARE: usize = 8;
/// The share of its open connections that may be used for retries at a time, but always one.
const LINK_SHARE: usize = 4;

/// The callers of one lane that wait for locks.
#[derive(Debug)]
pub(in crate::db) struct HeldQueue {
    waiting: AtomicUsize,
    most: usize,
    /// As many permits as the lane may have connections; a turn takes more of them if fewer are open.
    turns: Semaphore,
    links: usize,
    whose: Mutex<HashMap<Uuid, Instant>>,
    remembered: AtomicUsize,
}

/// One of them. It holds a turn from [`HeldWork::again`] to the next call, or until dropped.
#[derive(Debug)]
pub(in crate::db) struct HeldWork<'a> {
    held: &'a HeldQueue,
    until: Instant,
    turn: Option<SemaphorePermit<'a>>,
}

impl HeldQueue {
    /// For a lane with this many connections and callers.
    pub(in crate::db) fn new(links: usize, queue: usize) -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            most: queue / QUEUE_SHARE,
            turns: Semaphore::new(links),
            links,
            whose: Mutex::default(),
            remembered: AtomicUsize::new(0),
        }
    }

    /// A place to wait in until the deadline; `None` if too many wait already.
    pub(in crate::db) fn enter(&self, deadline: Instant) -> Option<HeldWork<'_>> {
        let work =
            HeldWork { held: self, until: deadline.min(Instant::now() + PATIENCE), turn: None };
        // The place is released when `work` is dropped.
        (self.waiting.fetch_add(1, Ordering::Relaxed) < self.most).then_some(work)
    }

    /// Whether work of this user, or on this row, met a lock recently.
    pub(in crate::db) fn is_known(&self, whose: Option<Uuid>) -> bool {
        // Usually nothing is locked.
        if self.remembered.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let now = Instant::now();
        let mut known = self.known();
        known.retain(|_, met| now.saturating_duration_since(*met) < MEMORY);
        self.remembered.store(known.len(), Ordering::Relaxed);
        whose.is_some_and(|whose| known.contains_key(&whose))
    }

    /// Work of this user, or on this row, has met a lock.
    pub(in crate::db) fn met(&self, whose: Option<Uuid>) {
        let Some(whose) = whose else { return };
        let mut known = self.known();
        if known.len() < REMEMBERED {
            known.insert(whose, Instant::now());
        }
        self.remembered.store(known.len(), Ordering::Relaxed);
    }

    /// It met none this time.
    pub(in crate::db) fn passed(&self, whose: Option<Uuid>) {
        let Some(whose) = whose else { return };
        let mut known = self.known();
        known.remove(&whose);
        self.remembered.store(known.len(), Ordering::Relaxed);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, Instant>> {
        self.whose.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldWork<'_> {
    /// Waits for a turn to retry, in a lane with this many open connections; false after too long.
    pub(in crate::db) async fn again(&mut self, open: usize) -> bool {
        self.turn = None;
        let HeldQueue { turns, links, .. } = self.held;
        let share = (LINK_SHARE * links / open.max(1)).clamp(1, *links);
        let turn = async {
            sleep(PAUSE).await;
            turns.acquire_many(u32::try_from(share).unwrap_or(u32::MAX)).await.ok()
        };
        self.turn = timeout_at(self.until, turn).await.ok().flatten();
        self.turn.is_some()
    }
}

impl Drop for HeldWork<'_> {
    fn drop(&mut self) {
        self.held.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Option<Uuid> = Some(Uuid::from_u128(1));
    const BOB: Option<Uuid> = Some(Uuid::from_u128(2));

    fn late() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_few_ask_again_at_a_time_and_nobody_waits_longer_than_its_patience() {
        for (open, turns) in [(8, 2), (4, 1), (1, 1), (0, 1)] {
            let held = HeldQueue::new(8, 32);
            let began = Instant::now();
            let mut asking = Vec::new();
            for _ in 0..turns {
                let mut one = held.enter(late()).unwrap();
                assert!(one.again(open).await);
                asking.push(one);
            }
            assert!(!held.enter(late()).unwrap().again(open).await);
            assert_eq!(began.elapsed(), turns * PAUSE + PATIENCE);
            drop(asking);
            assert!(held.enter(late()).unwrap().again(open).await);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_too_many_waiting_waits_not_at_all() {
        let held = HeldQueue::new(8, 32);
        let waiting: Vec<_> = (0..4).map(|_| held.enter(late()).unwrap()).collect();
        assert!(held.enter(late()).is_none());
        drop(waiting);
        assert!(held.enter(late()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn whose_work_met_a_lock_is_known_for_a_second_or_until_it_passes() {
        let held = HeldQueue::new(8, 32);
        assert!(!held.is_known(ADA));
        held.met(ADA);
        held.met(BOB);
        assert!(held.is_known(ADA) && held.is_known(BOB) && !held.is_known(None));
        held.passed(ADA);
        assert!(!held.is_known(ADA) && held.is_known(BOB));
        tokio::time::advance(MEMORY).await;
        assert!(!held.is_known(BOB));
    }
}
