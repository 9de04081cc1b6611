//! Counters as plain atomics: counting is one addition, without locks, lookups or text.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn one(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that goes up and down; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Adds one until the result is dropped.
    #[must_use]
    pub fn hold(&self) -> Holding {
        self.0.fetch_add(1, Relaxed);
        Holding(self.clone())
    }

    /// Sets the value.
    pub fn set(&self, value: u64) {
        self.0.store(i64::try_from(value).unwrap_or(i64::MAX), Relaxed);
    }

    pub(super) fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// One of those that a gauge counts.
#[derive(Debug)]
pub struct Holding(Gauge);

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

const MILLIS: u64 = 1_000_000;
/// Bucket bounds of durations in nanoseconds: half a millisecond to ten seconds.
const TIMES: [u64; 14] = [
    MILLIS / 2,
    MILLIS,
    5 * MILLIS / 2,
    5 * MILLIS,
    10 * MILLIS,
    25 * MILLIS,
    50 * MILLIS,
    100 * MILLIS,
    250 * MILLIS,
    500 * MILLIS,
    1000 * MILLIS,
    2500 * MILLIS,
    5000 * MILLIS,
    10_000 * MILLIS,
];
/// Bucket bounds of sizes.
const SIZES: [u64; 5] = [1, 2, 4, 8, 16];

/// A histogram.
#[derive(Debug)]
pub struct Histogram {
    ends: &'static [u64],
    /// How many recorded units make one displayed unit.
    unit: f64,
    buckets: Box<[Counter]>,
    sum: AtomicU64,
}

impl Histogram {
    fn new(ends: &'static [u64], unit: f64) -> Self {
        let buckets = std::iter::repeat_with(Counter::default).take(ends.len() + 1).collect();
        Self { ends, unit, buckets, sum: AtomicU64::new(0) }
    }

    /// For durations.
    pub(super) fn of_seconds() -> Self {
        Self::new(&TIMES, 1e9)
    }

    /// For small numbers.
    pub(super) fn of_sizes() -> Self {
        Self::new(&SIZES, 1.0)
    }

    /// Adds the time since then.
    pub fn since(&self, began: Instant) {
        self.add(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds a value, for durations in nanoseconds.
    pub fn add(&self, value: u64) {
        let at = self.ends.iter().position(|end| value <= *end).unwrap_or(self.ends.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.one();
        }
        self.sum.fetch_add(value, Relaxed);
    }

    /// The sum, the count, and the cumulative count up to each bound.
    #[allow(clippy::cast_precision_loss, reason = "a sum is shown, not reckoned with")]
    pub(super) fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let ends = self.ends.iter().map(|end| *end as f64 / self.unit).chain([f64::INFINITY]);
        let buckets: Vec<_> = ends.zip(self.buckets.iter().map(Counter::get)).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        (self.sum.load(Relaxed) as f64 / self.unit, count, buckets)
    }
}

/// Counters by two labels, each from a closed list.
#[derive(Debug)]
pub struct Grid {
    rows: Vec<&'static str>,
    columns: Vec<&'static str>,
    cells: Box<[Counter]>,
}

impl Grid {
    pub(super) fn new(rows: &[&'static str], columns: &[&'static str]) -> Self {
        let cells = rows.len() * columns.len();
        let cells = std::iter::repeat_with(Counter::default).take(cells).collect();
        Self { rows: rows.to_vec(), columns: columns.to_vec(), cells }
    }

    /// Adds one at these positions of both lists.
    pub fn one(&self, row: usize, column: usize) {
        if let Some(cell) = self.cells.get(row * self.columns.len() + column) {
            cell.one();
        }
    }

    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let places = self.rows.iter().flat_map(|row| self.columns.iter().map(move |it| (row, it)));
        places.zip(&self.cells).map(|((row, column), cell)| (*row, *column, cell.get()))
    }
}

/// Counters by one label from a closed list.
#[derive(Debug)]
pub struct CounterRow(Grid);

impl CounterRow {
    pub(super) fn new(labels: &[&'static str]) -> Self {
        Self(Grid::new(&[""], labels))
    }

    /// Adds one at this position of the list.
    pub fn one(&self, at: usize) {
        self.0.one(0, at);
    }

    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.read().map(|(_, label, count)| (label, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_up_to_the_end_that_it_reaches() {
        let times = Histogram::of_seconds();
        for nanos in [0, MILLIS, MILLIS + 1, 60_000 * MILLIS] {
            times.add(nanos);
        }
        let (sum, count, buckets) = times.read();
        assert!((sum - 60.002_000_001).abs() < 1e-9, "{sum}");
        assert_eq!(count, 4);
        assert_eq!(buckets[..3], [(0.0005, 1), (0.001, 1), (0.0025, 1)]);
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, 1)));
    }

    #[test]
    fn what_is_held_counts_until_it_is_dropped() {
        let gauge = Gauge::default();
        let (one, two) = (gauge.hold(), gauge.hold());
        assert_eq!(gauge.get(), 2);
        drop((one, two));
        assert_eq!(gauge.get(), 0);
    }

    #[test]
    fn a_grid_counts_each_pair_apart_and_nothing_beside_its_lists() {
        let grid = Grid::new(&["a", "b"], &["x", "y", "z"]);
        grid.one(1, 2);
        grid.one(9, 9);
        let counted: Vec<_> = grid.read().filter(|(_, _, count)| *count > 0).collect();
        assert_eq!(counted, [("b", "z", 1)]);
    }
}
