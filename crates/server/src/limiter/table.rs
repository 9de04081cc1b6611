//! The state of one process's rate limiter: a table of fixed size, 1 MiB for 65 536 clients, so that a flood
//! of addresses cannot grow it. A full bucket evicts the client with the most quota left, whose limit matters
//! least; clients at their limit are evicted last.

use std::sync::{Mutex, PoisonError};

use crate::config::Quota;
use crate::limiter::gcra::{Decision, decide};

const SHARDS: usize = 64;
const BUCKETS: usize = 128;
const WAYS: usize = 8;

/// One client: its key (0 means empty) and its TAT in microseconds.
type Slot = [u64; 2];

/// The table; clients are identified by a keyed hash, so nobody can choose which bucket they share.
pub(super) struct RateTable {
    shards: Vec<Mutex<Vec<Slot>>>,
}

impl std::fmt::Debug for RateTable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RateTable")
    }
}

impl Default for RateTable {
    fn default() -> Self {
        let shard = || Mutex::new(vec![[0; 2]; BUCKETS * WAYS]);
        Self { shards: (0..SHARDS).map(|_| shard()).collect() }
    }
}

impl RateTable {
    /// Decides for the client `key` at `now` (microseconds) and stores the result.
    pub(super) fn decide(&self, key: u64, quota: Quota, now: i64) -> Decision {
        let key = key.max(1);
        let shard = usize::try_from(key >> 32).unwrap_or(0);
        let bucket = usize::try_from(key & 0xffff).unwrap_or(0) % BUCKETS * WAYS;
        let mut slots = self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let ways = &mut slots[bucket..bucket + WAYS];
        let known = ways.iter().position(|slot| slot[0] == key);
        let index = known.or_else(|| (0..WAYS).min_by_key(|way| ways[*way][1])).unwrap_or(0);
        let tat = if known.is_some() { i64::try_from(ways[index][1]).unwrap_or(0) } else { 0 };
        let (decision, tat) = decide(quota, tat, now);
        ways[index] = [key, u64::try_from(tat).unwrap_or(0)];
        decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;
    /// An odd multiplier spreads consecutive numbers like a hash does.
    fn key(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn clients_are_counted_apart() {
        let table = RateTable::default();
        let quota = Quota::per_minute(2);
        for client in 1..=1000 {
            assert!(table.decide(key(client), quota, NOW).allowed);
            assert!(table.decide(key(client), quota, NOW).allowed);
            assert!(!table.decide(key(client), quota, NOW).allowed);
        }
    }

    #[test]
    fn a_flood_of_other_addresses_does_not_free_a_client_at_its_limit() {
        let table = RateTable::default();
        let quota = Quota::per_minute(20);
        let guilty = key(1);
        while table.decide(guilty, quota, NOW).allowed {}
        for other in 2..500_000 {
            assert!(table.decide(key(other), quota, NOW).allowed);
        }
        assert!(!table.decide(guilty, quota, NOW).allowed);
    }
}
