//! Removes sessions that are past their absolute limit, with the address and the device they hold. No
//! token of theirs is valid any more, so nothing changes for anybody.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Sessions, store};
use crate::error::Error;

/// Kept longer, so that `token inspect` can still say what became of a session, and so that a server
/// whose clock is days ahead takes nothing from anybody.
const KEPT: Duration = Duration::from_hours(30 * 24);
const BATCH: u16 = 1000;

impl Sessions {
    /// Removes what is over; how many sessions that were.
    pub async fn prune(&self) -> Result<usize, Error> {
        self.prune_at(self.clock.now()).await
    }

    async fn prune_at(&self, now: OffsetDateTime) -> Result<usize, Error> {
        let horizon = now - KEPT;
        let mut removed = 0;
        loop {
            let batch = store::delete_past(&self.db, horizon, BATCH.into()).await?;
            removed += batch;
            if batch < BATCH.into() {
                break;
            }
        }
        // Trusted devices that have expired go with them; none of them counts any more.
        self.devices().prune(now).await?;
        Ok(removed)
    }

    /// The same beside a sign-in, at most once a day: only while there is work, so that a server
    /// without any leaves a sleeping database asleep.
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
