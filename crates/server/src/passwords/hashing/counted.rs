//! The metrics of hashing: waiting and running jobs, and durations.

use std::time::Instant;

use crate::metrics::{Holding, Metrics};

/// Metrics of a job that waits for a thread; empty if metrics are off.
pub(super) struct WaitingJob(Option<(Instant, Holding)>);

/// Metrics of a running job.
pub(super) struct RunningJob<'a>(&'a Metrics, Option<(Instant, Holding)>);

impl WaitingJob {
    pub(super) fn begin(metrics: &Metrics) -> Self {
        Self(metrics.on().map(|meters| (Instant::now(), meters.hashing.queue.hold())))
    }

    pub(super) fn end(self, metrics: &Metrics) -> RunningJob<'_> {
        let (Some((since, waiting)), Some(meters)) = (self.0, metrics.on()) else {
            return RunningJob(metrics, None);
        };
        meters.hashing.wait.since(since);
        drop(waiting);
        RunningJob(metrics, Some((Instant::now(), meters.hashing.running.hold())))
    }
}

impl Drop for RunningJob<'_> {
    fn drop(&mut self) {
        if let (Some((since, _)), Some(meters)) = (&self.1, self.0.on()) {
            meters.hashing.work.since(*since);
        }
    }
}
