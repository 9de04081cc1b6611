//! Metrics for Prometheus. They are off unless `METRICS_LISTEN` or `METRICS_TOKEN` is set; then counting code
//! finds nothing here and continues. A scrape queries nothing: everything is counted where it happens, so
//! scraping never wakes a suspended database.

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

/// The handle for all counting code; clones share the counters. The database creates it, since everything
/// uses the database.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<OnceLock<Box<Meters>>>);

impl Metrics {
    /// Turns metrics on.
    pub fn turn_on(&self, facts: &Facts) {
        self.0.get_or_init(|| Box::new(Meters::new(facts)));
    }

    /// The counters, unless metrics are off.
    pub fn on(&self) -> Option<&Meters> {
        self.0.get().map(AsRef::as_ref)
    }

    /// The current instant, if metrics are on.
    pub fn stopwatch(&self) -> Option<Instant> {
        self.on().map(|_| Instant::now())
    }

    /// The counters of a route.
    pub fn route(&self, path: Option<&str>) -> Option<Arc<RouteMeter>> {
        self.on().map(|meters| meters.route(path))
    }

    /// All metrics as OpenMetrics text; empty if they are off.
    pub fn text(&self, now: OffsetDateTime) -> String {
        page::write(self, now)
    }
}
