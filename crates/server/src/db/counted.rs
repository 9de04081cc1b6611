//! The metrics of database calls: in progress, duration, failures.

use std::time::Instant;

use crate::metrics::{DatabaseFailure, Holding, LaneLabel, Metrics};
use crate::sql::{DbError, Result};

/// A call in progress; empty if metrics are off.
#[derive(Debug)]
pub(in crate::db) struct CountedCall<'a> {
    metrics: &'a Metrics,
    lane: LaneLabel,
    begun: Option<(Instant, Holding)>,
}

impl<'a> CountedCall<'a> {
    pub(in crate::db) fn begin(metrics: &'a Metrics, lane: LaneLabel) -> Self {
        let meters = metrics.on().and_then(|meters| meters.lane(lane));
        let begun = meters.map(|meters| (Instant::now(), meters.calls.hold()));
        Self { metrics, lane, begun }
    }

    /// It has ended. A refusal counts as success: the database did its part.
    pub(in crate::db) fn end<T>(self, answer: &Result<T>) {
        let (Some((began, _calls)), Some(meters)) = (self.begun, self.metrics.on()) else { return };
        if let Some(lane) = meters.lane(self.lane) {
            lane.seconds.since(began);
        }
        let reason = match answer {
            Err(DbError::Away(_) | DbError::NotAdmitted(_)) => DatabaseFailure::Unavailable,
            Err(DbError::Overloaded) => DatabaseFailure::Overloaded,
            Err(DbError::Unconfirmed(_)) => DatabaseFailure::Unconfirmed,
            Err(DbError::Full(_)) => DatabaseFailure::Full,
            Err(DbError::Unready(_)) => DatabaseFailure::Unready,
            Err(DbError::Internal(_)) => DatabaseFailure::Internal,
            _ => return,
        };
        meters.database_failures.one(self.lane as usize, reason as usize);
    }
}
