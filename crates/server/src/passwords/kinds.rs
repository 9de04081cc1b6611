//! The kinds of the accounts' hashes, and the number of each. Where there is no hash, a stand-in of one of
//! these kinds is verified, chosen by a keyed hash of the address: an address without an account always takes
//! the time of some account, and many addresses take the times of the accounts in proportion. The kinds are
//! counted when a server starts and during sign-ins, never on a timer, so that a suspended database is not
//! woken. The configured kind is last in the order: when the owner of an older hash signs in, addresses move
//! to it like the account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use time::{Duration, OffsetDateTime};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::hashing::{StandIn, prefix};
use super::store::{self, CountedKind};
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::Database;
use crate::sql;

/// Interval between counts, and after a failed one.
const REST: Duration = Duration::HOUR;
const SHORT_REST: Duration = Duration::MINUTE;
/// Accounts per statement, which takes milliseconds.
const SLICE: u16 = 1000;
/// Maximum number of kinds; in practice there are a handful.
const MOST: usize = 64;

/// The kinds of the accounts' hashes; clones share the counts.
#[derive(Clone, Debug)]
pub(crate) struct Kinds(Arc<KindCount>);

#[derive(Debug)]
struct KindCount {
    db: Database,
    clock: Clock,
    key: hmac::Key,
    configured: StandIn,
    /// What hashes of the configured kind begin with.
    prefix: String,
    state: Mutex<CountState>,
}

#[derive(Debug)]
struct CountState {
    counted_at: Option<OffsetDateTime>,
    rest: Duration,
    shares: Arc<[(StandIn, u64)]>,
}

impl Kinds {
    /// Not counted yet: until then all stand-ins are of the configured kind.
    pub(super) fn new(settings: &Settings, db: Database, clock: Clock) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, settings.secret.bytes());
        let configured = StandIn::of_scheme(settings.password_hash);
        let prefix = prefix(settings.password_hash);
        let state = CountState { counted_at: None, rest: REST, shares: Arc::default() };
        Self(Arc::new(KindCount { db, clock, key, configured, prefix, state: Mutex::new(state) }))
    }

    /// The stand-in for an address without a hash: the same until the proportions change.
    pub(super) fn stand_in(&self, address: &str) -> StandIn {
        let tag = hmac::sign(&self.0.key, format!("doorward kind v1 {address}").as_bytes());
        let mut point = [0; 8];
        point.copy_from_slice(&tag.as_ref()[..8]);
        let shares = Arc::clone(&self.state().shares);
        let chosen = choose(&shares, u64::from_be_bytes(point));
        chosen.unwrap_or(&self.0.configured).clone()
    }

    /// Starts a task that counts, for one caller per hour.
    pub(super) fn count(&self) -> Option<JoinHandle<()>> {
        if !self.is_due() {
            return None;
        }
        let this = self.clone();
        Some(tokio::spawn(async move {
            match this.read().await {
                Ok(shares) => this.state().shares = shares,
                Err(error) => {
                    this.state().rest = SHORT_REST;
                    tracing::warn!(%error, "the kinds of password hashes could not be counted");
                }
            }
        }))
    }

    fn is_due(&self) -> bool {
        let now = self.0.clock.now();
        let mut state = self.state();
        // A last time in the future came from a clock that has been corrected since.
        let rests = Duration::ZERO..state.rest;
        let is_due = state.counted_at.is_none_or(|at| !rests.contains(&(now - at)));
        if is_due {
            (state.counted_at, state.rest) = (Some(now), REST);
        }
        is_due
    }

    async fn read(&self) -> sql::Result<Arc<[(StandIn, u64)]>> {
        let KindCount { db, configured, prefix, .. } = &*self.0;
        let (mut found, mut after) = (BTreeMap::<StandIn, u64>::new(), Uuid::nil());
        loop {
            let slice = store::count_kinds(db, prefix, after, SLICE).await?;
            let Some(last) = slice.first().map(|row| row.last) else { break };
            after = last;
            for CountedKind { kind, accounts, .. } in slice {
                let Some(stand_in) = kind.as_deref().and_then(StandIn::of_kind) else { continue };
                if found.len() < MOST || found.contains_key(&stand_in) {
                    *found.entry(stand_in).or_default() += u64::try_from(accounts).unwrap_or(0);
                }
            }
        }
        let today = found.remove_entry(configured);
        Ok(found.into_iter().chain(today).collect())
    }

    fn state(&self) -> MutexGuard<'_, CountState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kind of the account at this position, out of 2^64, of all accounts.
fn choose(shares: &[(StandIn, u64)], point: u64) -> Option<&StandIn> {
    let all: u64 = shares.iter().map(|(_, accounts)| accounts).sum();
    let mut before = u64::try_from((u128::from(point) * u128::from(all)) >> 64).unwrap_or(0);
    let at = shares.iter().find(|(_, accounts)| match before.checked_sub(*accounts) {
        Some(left) => {
            before = left;
            false
        }
        None => true,
    });
    at.map(|(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(counts: [u64; 3]) -> Vec<(StandIn, u64)> {
        let kinds = ["$2b$04$", "$2b$10$", "$argon2id$v=19$m=64,t=1,p=1$"];
        let kinds = kinds.map(|kind| StandIn::of_kind(kind).unwrap());
        kinds.into_iter().zip(counts).collect()
    }

    #[test]
    fn each_kind_has_the_share_of_its_accounts() {
        let shares = shares([1, 0, 3]);
        let quarter = u64::MAX / 4;
        for (point, kind) in
            [(0, 0), (quarter, 0), (quarter + 1, 2), (2 * quarter, 2), (u64::MAX, 2)]
        {
            assert_eq!(choose(&shares, point), Some(&shares[kind].0), "{point}");
        }
        assert_eq!(choose(&[], 7), None);
        assert_eq!(choose(&shares[1..2], 7), None, "a kind without accounts is no kind");
    }

    #[test]
    fn an_upgrade_moves_no_address_back_to_an_older_kind() {
        let (before, after) = (shares([500, 300, 200]), shares([400, 300, 300]));
        for point in (0..1000).map(|step| step * (u64::MAX / 1000)) {
            let (was, is) = (choose(&before, point), choose(&after, point));
            let place = |kind| before.iter().position(|(other, _)| Some(other) == kind);
            assert!(place(is) >= place(was), "{point}: from {was:?} to {is:?}");
        }
    }
}
