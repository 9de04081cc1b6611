//! Metrics: what the server counts of its own work, for Prometheus. They are off unless `METRICS_LISTEN` or
//! `METRICS_TOKEN` is set; then whoever counts finds nothing here and goes on. Nothing is asked when they are
//! read: what is shown was counted where it happened, so looking at them never wakes a sleeping database.

mod cell;
mod family;
mod labels;
mod meters;
mod page;
mod process;
mod route;

pub use cell::{Counter, CounterRow, Gauge, Grid, Histogram, Holding};
pub use family::{FAMILIES, Family, table};
pub use labels::{
    Connecting, DatabaseFailure, EndCause, GuessOutcome, LaneLabel, LimitOutcome, MailOutcome,
    RefreshOutcome, SignInMethod, SignInOutcome,
};
pub use meters::{Facts, Meters};
pub use route::RouteMeter;

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use time::OffsetDateTime;

/// The handle of everything that counts; clones share what is counted. The database makes it, since all
/// work stands on that.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<OnceLock<Box<Meters>>>);

impl Metrics {
    /// Counts from now on.
    pub fn turn_on(&self, facts: &Facts) {
        self.0.get_or_init(|| Box::new(Meters::new(facts)));
    }

    /// What is counted, unless it is off.
    pub fn on(&self) -> Option<&Meters> {
        self.0.get().map(AsRef::as_ref)
    }

    /// The present moment, if somebody wants to know how long something takes.
    pub fn stopwatch(&self) -> Option<Instant> {
        self.on().map(|_| Instant::now())
    }

    /// The counters of a route.
    pub fn route(&self, path: Option<&str>) -> Option<Arc<RouteMeter>> {
        self.on().map(|meters| meters.route(path))
    }

    /// All of it as OpenMetrics text; nothing where it is off.
    pub fn text(&self, now: OffsetDateTime) -> String {
        page::write(self, now)
    }
}
