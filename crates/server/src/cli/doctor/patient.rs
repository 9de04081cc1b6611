//! What is examined, and how long that may take: each check has a deadline, and so has the whole.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::finding::{Check, Finding};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;

/// The deployment under examination.
#[derive(Clone, Debug)]
pub(super) struct Patient {
    pub(super) settings: Arc<Settings>,
    pub(super) secret_files: Arc<[std::path::PathBuf]>,
    pub(super) clock: Clock,
    pub(super) random: Random,
    /// Of each check.
    pub(super) limit: Duration,
    /// Of all of them.
    pub(super) until: Instant,
}

impl Patient {
    /// What the check found, or that it took too long.
    pub(super) async fn within(
        &self,
        check: Check,
        work: impl Future<Output = Finding>,
    ) -> Finding {
        let until = (Instant::now() + self.limit).min(self.until);
        timeout_at(until, work).await.unwrap_or_else(|_| self.late(check))
    }

    /// The same of a check that finds several things.
    pub(super) async fn all_within(
        &self,
        check: Check,
        work: impl Future<Output = Vec<Finding>>,
    ) -> Vec<Finding> {
        let until = (Instant::now() + self.limit).min(self.until);
        timeout_at(until, work).await.unwrap_or_else(|_| vec![self.late(check)])
    }

    fn late(&self, check: Check) -> Finding {
        let limit = self.limit.as_secs();
        check.failed(
            format!("There was no answer within {limit} s"),
            "Look at what it waits for, or give it longer with --timeout",
        )
    }
}
