//! What is examined, and how long that may take: each check has a deadline, and so has the whole.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};

use super::finding::{CheckName, Finding};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;

/// The deployment under examination.
#[derive(Clone, Debug)]
pub(in crate::cli::doctor) struct Patient {
    pub(in crate::cli::doctor) settings: Arc<Settings>,
    pub(in crate::cli::doctor) secret_files: Arc<[std::path::PathBuf]>,
    pub(in crate::cli::doctor) clock: Clock,
    pub(in crate::cli::doctor) random: Random,
    /// Those that `PUBLIC_URL` may be signed by besides those of browsers.
    pub(in crate::cli::doctor) authorities: Arc<[CertificateDer<'static>]>,
    /// Of each check.
    pub(in crate::cli::doctor) limit: Duration,
    /// Of all of them.
    pub(in crate::cli::doctor) until: Instant,
}

impl Patient {
    /// What the check found, or that it took too long.
    pub(in crate::cli::doctor) async fn within(
        &self,
        check: CheckName,
        work: impl Future<Output = Finding>,
    ) -> Finding {
        let until = (Instant::now() + self.limit).min(self.until);
        timeout_at(until, work).await.unwrap_or_else(|_| self.late(check))
    }

    /// The same of a check that finds several things.
    pub(in crate::cli::doctor) async fn all_within(
        &self,
        check: CheckName,
        work: impl Future<Output = Vec<Finding>>,
    ) -> Vec<Finding> {
        let until = (Instant::now() + self.limit).min(self.until);
        timeout_at(until, work).await.unwrap_or_else(|_| vec![self.late(check)])
    }

    fn late(&self, check: CheckName) -> Finding {
        let limit = self.limit.as_secs();
        check.failed(
            format!("No response within {limit} s"),
            "Check what it waits for, or raise the limit with --timeout",
        )
    }
}
