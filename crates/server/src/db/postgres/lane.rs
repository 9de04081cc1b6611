//! A lane: a few shared connections for one kind of work, opened only on demand, so that an idle server does
//! not keep a serverless database awake. Callers get the connection with the shortest queue; a lane whose
//! connections are all busy grows in the background, shrinks to one when they are not, and to none when idle.
//! Lost connections are reopened by the next call: immediately the first time, then at most a second apart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::db::postgres::connect::{OpenLinks, Target};
use crate::db::postgres::held::HeldQueue;
use crate::db::postgres::link::{InUse, Link};
use crate::metrics::{Connecting, LaneLabel, Metrics};
use crate::sql::{DbError, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long an unused connection stays open if it is not the lane's last.
const IDLE: Duration = Duration::from_mins(1);
/// How long the last one stays open. A serverless database is suspended after five minutes without a
/// statement; a connection that it closed by then would cost the next request a failed attempt.
const LAST_IDLE: Duration = Duration::from_mins(4);

/// A lane.
#[derive(Debug)]
pub(in crate::db) struct Lane {
    pub(in crate::db) label: LaneLabel,
    target: Arc<Target>,
    limit: usize,
    queue: usize,
    waiting: AtomicUsize,
    /// The callers that wait for other sessions' locks.
    pub(in crate::db) held: HeldQueue,
    slots: Arc<Mutex<Slots>>,
}

#[derive(Debug, Default)]
struct Slots {
    links: Vec<Arc<Link>>,
    opening: Option<Opening>,
    failures: u32,
    last_failure: Option<DbError>,
    not_before: Option<Instant>,
}

/// The result of an attempt to open a connection; `None` while in progress.
type Attempted = Option<Result<()>>;
/// An attempt in progress.
pub(in crate::db) type Opening = watch::Receiver<Attempted>;

impl Lane {
    /// At most `limit` connections and `queue` callers.
    pub(in crate::db) fn new(
        label: LaneLabel,
        target: Arc<Target>,
        limit: usize,
        queue: usize,
    ) -> Self {
        let (waiting, held) = (AtomicUsize::new(0), HeldQueue::new(limit, queue));
        let slots = Arc::default();
        Self { label, target, limit, queue, waiting, held, slots }
    }

    /// A place in the queue, or `Overloaded` immediately.
    pub(in crate::db) fn admit(&self) -> Result<Place<'_>> {
        let place = Place(self);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            return Err(DbError::Overloaded);
        }
        Ok(place)
    }

    /// The best open connection, or the first one to open before the deadline.
    pub(in crate::db) async fn link(&self, deadline: Instant) -> Result<InUse> {
        match self.choose() {
            Ok(link) => Ok(link),
            Err(opening) => self.link_after(opening, deadline).await,
        }
    }

    /// The connection that `opening` returns, unless another is available earlier.
    pub(in crate::db) async fn link_after(
        &self,
        mut opening: Opening,
        deadline: Instant,
    ) -> Result<InUse> {
        let meters = self.target.metrics.on().and_then(|meters| meters.lane(self.label));
        let _waiting = meters.map(|meters| meters.waiting.hold());
        loop {
            let ended = opening.wait_for(Option::is_some);
            let outcome = match tokio::time::timeout_at(deadline, ended).await {
                Ok(Ok(outcome)) => outcome.clone(),
                Ok(Err(_)) => return Err(DbError::Away("the attempt to connect stopped".into())),
                Err(_) => return Err(self.last_failure()),
            };
            if let Some(Err(why)) = outcome {
                return Err(why);
            }
            opening = match self.choose() {
                Ok(link) => return Ok(link),
                Err(opening) => opening,
            };
        }
    }

    fn last_failure(&self) -> DbError {
        let known = locked(&self.slots).last_failure.clone();
        let silent = "The database did not accept a connection in time.";
        known.unwrap_or_else(|| DbError::Away(silent.into()))
    }

    /// The best open connection, or the attempt to open one.
    pub(in crate::db) fn choose(&self) -> std::result::Result<InUse, Opening> {
        let mut slots = locked(&self.slots);
        let now = Instant::now();
        slots.keep_current(now);
        let loads = slots.links.iter().map(|link| (link.load(now), link));
        let best = loads.min_by_key(|(load, _)| *load);
        let idle = best.as_ref().is_some_and(|(load, _)| *load == (false, 0));
        let best = best.map(|(_, link)| Arc::clone(link));
        let due = best.is_none() || slots.not_before.is_none_or(|due| now >= due);
        // An attempt that ended without a result has panicked.
        slots.opening.take_if(|opening| opening.has_changed().is_err());
        let opening = match slots.opening.clone() {
            Some(opening) => Some(opening),
            None if !idle && due && slots.links.len() < self.limit => Some(self.open(&mut slots)),
            None => None,
        };
        match (best, opening) {
            (Some(link), _) => Ok(link.enter()),
            (None, Some(opening)) => Err(opening),
            (None, None) => Err(self.open(&mut slots)),
        }
    }

    /// A connection to lend to another lane: one that is open and responds.
    pub(in crate::db) fn lend(&self, to: LaneLabel) -> Option<InUse> {
        let now = Instant::now();
        let mut slots = locked(&self.slots);
        slots.keep_current(now);
        let fit = slots.links.iter().filter(|link| self.target.refusal(link.look(), to).is_none());
        let ready = fit.map(|link| (link.load(now), link)).filter(|((stalled, _), _)| !stalled);
        ready.min_by_key(|(load, _)| *load).map(|(_, link)| link.enter())
    }

    /// Stops using all lanes' connections to the same database.
    pub(in crate::db) fn leave_all(&self) {
        self.target.turns().fetch_add(1, Ordering::AcqRel);
    }

    /// The number of its connections.
    pub(in crate::db) fn open_links(&self) -> usize {
        locked(&self.slots).links.len()
    }

    /// The connections of all lanes to the same database.
    pub(in crate::db) fn open_of_all(&self) -> Arc<OpenLinks> {
        self.target.open_links()
    }

    /// Whether its last attempt to open a connection failed.
    pub(in crate::db) fn is_failing(&self) -> bool {
        locked(&self.slots).failures > 0
    }

    /// Opens a connection on its own task: it continues if callers give up.
    fn open(&self, slots: &mut Slots) -> Opening {
        let (sender, opening) = watch::channel(None);
        slots.opening = Some(opening.clone());
        let (target, shared) = (Arc::clone(&self.target), Arc::clone(&self.slots));
        let (not_before, label) = (slots.not_before, self.label);
        tokio::spawn(async move {
            if let Some(due) = not_before {
                tokio::time::sleep_until(due).await;
            }
            let opened = Link::open(&target, label).await;
            if opened.is_err() {
                count(&target.metrics, label, Connecting::Failed);
            }
            let outcome = {
                let mut slots = locked(&shared);
                slots.opening = None;
                slots.settle(opened)
            };
            let _ = sender.send(Some(outcome.as_ref().map(drop).map_err(Clone::clone)));
            if let Ok(link) = outcome {
                let slots = Arc::downgrade(&shared);
                drop(shared);
                close_when_idle(slots, link).await;
            }
        });
        opening
    }
}

impl Slots {
    /// Drops connections that are closed, or lead to a server that was found unusable.
    fn keep_current(&mut self, now: Instant) {
        self.links.retain(|link| {
            let current = link.is_current(now);
            if !current && !link.is_closed() {
                link.close_gently();
            }
            current
        });
    }

    fn settle(&mut self, opened: Result<Link>) -> Result<Weak<Link>> {
        match opened {
            Ok(link) => {
                let link = Arc::new(link);
                let watched = Arc::downgrade(&link);
                self.links.push(link);
                self.failures = 0;
                self.last_failure = None;
                self.not_before = None;
                Ok(watched)
            }
            Err(why) => {
                let pause = match self.failures {
                    0 => Duration::ZERO,
                    failures => (FIRST_PAUSE * 2u32.pow(failures.min(5) - 1)).min(LONGEST_PAUSE),
                };
                self.failures += 1;
                self.last_failure = Some(why.clone());
                self.not_before = Some(Instant::now() + pause);
                if self.links.is_empty() {
                    tracing::warn!(%why, "no database connection");
                }
                Err(why)
            }
        }
    }
}

/// Closes the connection once it has been idle for a while, so that connections are available to other
/// servers of the same database, and a serverless database can be suspended.
async fn close_when_idle(slots: Weak<Mutex<Slots>>, link: Weak<Link>) {
    let mut wait = IDLE;
    loop {
        tokio::time::sleep(wait).await;
        let (Some(slots), Some(link)) = (slots.upgrade(), link.upgrade()) else { return };
        let mut slots = locked(&slots);
        slots.links.retain(|it| !it.is_closed());
        let most = if slots.links.len() == 1 { LAST_IDLE } else { IDLE };
        let left = most.saturating_sub(link.idle_for(Instant::now()));
        // It may no longer be the last one later.
        wait = left.min(IDLE);
        if link.is_closed() {
            return;
        }
        if left.is_zero() {
            slots.links.retain(|other| !Arc::ptr_eq(other, &link));
            return link.close_gently();
        }
    }
}

/// A caller's place in a lane's queue.
#[derive(Debug)]
pub(in crate::db) struct Place<'a>(&'a Lane);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts the fate of a connection.
pub(in crate::db) fn count(metrics: &Metrics, label: LaneLabel, outcome: Connecting) {
    if let Some(meters) = metrics.on() {
        meters.connecting.one(label as usize, outcome as usize);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
