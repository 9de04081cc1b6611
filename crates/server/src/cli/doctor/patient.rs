//! The deployment, and the deadlines of checks: one for each, and one for all.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};

use super::finding::{CheckName, Finding};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;

/// The deployment to check.
#[derive(Clone, Debug)]
pub(in crate::cli::doctor) struct Patient {
    pub(in crate::cli::doctor) settings: Arc<Settings>,
    pub(in crate::cli::doctor) secret_files: Arc<[std::path::PathBuf]>,
    pub(in crate::cli::doctor) clock: Clock,
    pub(in crate::cli::doctor) random: Random,
    /// Additional CAs for `PUBLIC_URL`.
    pub(in crate::cli::doctor) authorities: Arc<[CertificateDer<'static>]>,
    /// The deadline of each check.
    pub(in crate::cli::doctor) limit: Duration,
    /// The deadline of all checks.
    pub(in crate::cli::doctor) until: Instant,
}

impl Patient {
    /// The result of the check, or that it took too long.
    pub(in crate::cli::doctor) async fn within(
        &self,
        check: CheckName,
        work: impl Future<Output = Finding>,
    ) -> Finding {
        let until = (Instant::now() + self.limit).min(self.until);
        timeout_at(until, work).await.unwrap_or_else(|_| self.late(check))
    }

    /// The same for a check with several results.
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
