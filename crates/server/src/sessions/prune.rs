//! Deletes sessions past their absolute limit, with their addresses and devices. Their tokens are no longer
//! valid, so this changes nothing for users.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Sessions, store};
use crate::db::in_batches;
use crate::error::Error;

/// They are kept longer, so that `token inspect` can still explain them, and so that a server whose clock is
/// days ahead does no harm.
const KEPT: Duration = Duration::from_hours(30 * 24);

impl Sessions {
    /// Deletes expired sessions; returns their number.
    pub async fn prune(&self) -> Result<usize, Error> {
        self.prune_at(self.clock.now()).await
    }

    async fn prune_at(&self, now: OffsetDateTime) -> Result<usize, Error> {
        let horizon = now - KEPT;
        let removed = in_batches(|limit| store::delete_past(&self.db, horizon, limit)).await?;
        // Expired trusted devices are deleted too; they are no longer valid.
        self.devices().prune(now).await?;
        Ok(removed)
    }

    /// The same during a sign-in, at most once a day, so that an idle server does not wake a suspended
    /// database.
    pub(super) fn prune_daily(&self, now: OffsetDateTime) {
        if !self.memory.pruned.is_due(now) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.prune_at(now).await {
                tracing::warn!(%error, "ended sessions were not removed");
            }
        });
    }
}
