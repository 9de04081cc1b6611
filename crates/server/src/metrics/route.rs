//! The counters of one route, resolved once at registration, so that requests reach them by pointers.

use std::sync::OnceLock;
use std::time::Instant;

use super::cell::{Counter, Histogram};
use super::labels::{METHODS, OTHER_STATUS, STATUSES};

/// The counters of one path.
#[derive(Debug)]
pub struct RouteMeter {
    pub(super) path: String,
    methods: [OnceLock<MethodMeter>; METHODS.len()],
}

/// The counters of one method; created on first use, since most pairs never occur.
#[derive(Debug)]
pub(super) struct MethodMeter {
    pub(super) seconds: Histogram,
    statuses: Box<[Counter]>,
}

impl RouteMeter {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), methods: std::array::from_fn(|_| OnceLock::new()) }
    }

    /// Counts a response to a request of this method that started then.
    pub fn answered(&self, method: &str, status: u16, began: Instant) {
        let last = METHODS.len() - 1;
        let at = METHODS.iter().position(|known| *known == method).unwrap_or(last);
        let Some(meter) = self.methods.get(at) else { return };
        let meter = meter.get_or_init(MethodMeter::new);
        meter.seconds.since(began);
        let at = STATUSES.iter().position(|(known, _)| *known == status).unwrap_or(STATUSES.len());
        if let Some(counter) = meter.statuses.get(at) {
            counter.one();
        }
    }

    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, &MethodMeter)> {
        let known = |(method, meter): (&&'static str, _)| Some((*method, OnceLock::get(meter)?));
        METHODS.iter().zip(&self.methods).filter_map(known)
    }
}

impl MethodMeter {
    fn new() -> Self {
        let statuses = std::iter::repeat_with(Counter::default).take(STATUSES.len() + 1);
        Self { seconds: Histogram::of_seconds(), statuses: statuses.collect() }
    }

    /// The statuses with counts.
    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = STATUSES.iter().map(|(_, name)| *name).chain([OTHER_STATUS]);
        names.zip(self.statuses.iter().map(Counter::get)).filter(|(_, count)| *count > 0)
    }
}
