//! All counters, grouped by the part of the server that increments them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use time::OffsetDateTime;

use super::cell::{Counter, CounterRow, Gauge, Grid, Histogram};
use super::labels::{
    Connecting, DatabaseFailure, EndCause, GuessOutcome, LaneLabel, LimitOutcome, MailOutcome,
    NO_ROUTE, RefreshOutcome, SignInMethod, SignInOutcome,
};
use super::route::RouteMeter;

/// The labels known when metrics are turned on; the lists come from modules above this one.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is named after what it is")]
pub struct Facts {
    pub started_at: OffsetDateTime,
    pub version: &'static str,
    pub engine: &'static str,
    /// The events of the audit log and their outcomes.
    pub events: Vec<&'static str>,
    pub outcomes: Vec<&'static str>,
    /// The separate limits of the limiter.
    pub limits: Vec<&'static str>,
}

/// All counters.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is explained where it is written")]
pub struct Meters {
    pub(super) started_at: OffsetDateTime,
    pub(super) version: &'static str,
    pub(super) engine: &'static str,
    pub(super) routes: Mutex<BTreeMap<String, Arc<RouteMeter>>>,
    pub(super) unmatched: Arc<RouteMeter>,
    pub in_flight: Gauge,
    pub hashing: HashingMeters,
    pub database: Vec<LaneMeters>,
    pub database_failures: Grid,
    pub connecting: Grid,
    pub wakes: Counter,
    pub sqlite: SqliteMeters,
    pub limiter: Grid,
    pub limiter_fallbacks: Counter,
    pub guesses: CounterRow,
    pub refreshes: CounterRow,
    pub sign_ins: Grid,
    pub sessions_begun: Counter,
    pub sessions_ended: CounterRow,
    pub events: Grid,
    pub mail: MailMeters,
    pub key_changes: Counter,
}

/// Those of the hashing threads.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is explained where it is written")]
pub struct HashingMeters {
    pub queue: Gauge,
    pub running: Gauge,
    pub wait: Histogram,
    pub work: Histogram,
    pub refused: Counter,
}

/// Those of one database lane.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is explained where it is written")]
pub struct LaneMeters {
    pub calls: Gauge,
    pub waiting: Gauge,
    pub connections: Gauge,
    pub seconds: Histogram,
}

/// Those of SQLite's threads and file.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is explained where it is written")]
pub struct SqliteMeters {
    pub group: Histogram,
    pub log_bytes: Gauge,
}

/// Those of the outbox.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is explained where it is written")]
pub struct MailMeters {
    pub outcomes: CounterRow,
    pub waiting: Gauge,
    /// When the oldest unsent mail was requested, in seconds since 1970; 0 if there is none.
    oldest: AtomicI64,
}

impl Meters {
    pub(super) fn new(facts: &Facts) -> Self {
        let lanes = std::iter::repeat_with(LaneMeters::new).take(LaneLabel::ALL.len());
        Self {
            started_at: facts.started_at,
            version: facts.version,
            engine: facts.engine,
            routes: Mutex::default(),
            unmatched: Arc::new(RouteMeter::new(NO_ROUTE)),
            in_flight: Gauge::default(),
            hashing: HashingMeters {
                queue: Gauge::default(),
                running: Gauge::default(),
                wait: Histogram::of_seconds(),
                work: Histogram::of_seconds(),
                refused: Counter::default(),
            },
            database: lanes.collect(),
            database_failures: Grid::new(LaneLabel::ALL, DatabaseFailure::ALL),
            connecting: Grid::new(LaneLabel::ALL, Connecting::ALL),
            wakes: Counter::default(),
            sqlite: SqliteMeters { group: Histogram::of_sizes(), log_bytes: Gauge::default() },
            limiter: Grid::new(&facts.limits, LimitOutcome::ALL),
            limiter_fallbacks: Counter::default(),
            guesses: CounterRow::new(GuessOutcome::ALL),
            refreshes: CounterRow::new(RefreshOutcome::ALL),
            sign_ins: Grid::new(SignInMethod::ALL, SignInOutcome::ALL),
            sessions_begun: Counter::default(),
            sessions_ended: CounterRow::new(EndCause::ALL),
            events: Grid::new(&facts.events, &facts.outcomes),
            mail: MailMeters {
                outcomes: CounterRow::new(MailOutcome::ALL),
                waiting: Gauge::default(),
                oldest: AtomicI64::new(0),
            },
            key_changes: Counter::default(),
        }
    }

    /// The counters of this route, or of requests without a route. Called when routes are registered.
    pub(super) fn route(&self, path: Option<&str>) -> Arc<RouteMeter> {
        let Some(path) = path else { return Arc::clone(&self.unmatched) };
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let route = routes.entry(path.to_owned());
        Arc::clone(route.or_insert_with(|| Arc::new(RouteMeter::new(path))))
    }

    /// Counts a response without a route.
    pub fn answered_without_route(&self, method: &str, status: u16, began: Instant) {
        self.unmatched.answered(method, status, began);
    }

    /// The counters of this lane.
    pub fn lane(&self, lane: LaneLabel) -> Option<&LaneMeters> {
        self.database.get(lane as usize)
    }
}

impl LaneMeters {
    fn new() -> Self {
        Self {
            calls: Gauge::default(),
            waiting: Gauge::default(),
            connections: Gauge::default(),
            seconds: Histogram::of_seconds(),
        }
    }
}

impl MailMeters {
    /// Sets the number of unsent mails, and the time of the oldest.
    pub fn found(&self, waiting: u64, oldest: Option<OffsetDateTime>) {
        self.waiting.set(waiting);
        self.oldest.store(oldest.map_or(0, OffsetDateTime::unix_timestamp), Relaxed);
    }

    /// Seconds since the oldest unsent mail was requested.
    pub(super) fn age(&self, now: OffsetDateTime) -> i64 {
        match self.oldest.load(Relaxed) {
            0 => 0,
            since => (now.unix_timestamp() - since).max(0),
        }
    }
}
