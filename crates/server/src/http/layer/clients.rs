//! What each client network has in flight: requests being handled and unread responses. Its share bounds
//! both, so that no client can take places and memory away from the others.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::client_ip::networks;

/// How much one client network may make the server hold.
pub(super) const SHARE: usize = 16 * 1024 * 1024;
/// What a request counts until its response is known: its body, its work, a typical response.
pub(super) const ORDINARY: usize = 64 * 1024;
/// What the smallest response counts.
const LEAST: usize = 4 * 1024;
/// The factor for a wider network, which has more users.
const WIDER: usize = 4;
const SHARDS: usize = 16;

/// Bytes held for each client network.
#[derive(Debug)]
pub(super) struct Clients {
    shards: Vec<Mutex<HashMap<IpAddr, usize>>>,
    hash: RandomState,
}

impl Default for Clients {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hash: RandomState::new() }
    }
}

impl Clients {
    /// Counts a request of this client; `None` if the client's share is used up.
    pub(super) fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Visit> {
        let visit = Visit { clients: Arc::clone(self), client, bytes: 0 };
        visit.resized(ORDINARY)
    }

    /// Takes `more` bytes for the networks of this client, if they have room; returns whether they had.
    fn take(&self, client: IpAddr, more: usize) -> bool {
        for (step, network) in networks(client).enumerate() {
            let most = if step == 0 { SHARE } else { SHARE * WIDER };
            let mut shard = self.shard(network);
            let held = shard.entry(network).or_default();
            if *held + more > most {
                if *held == 0 {
                    shard.remove(&network);
                }
                drop(shard);
                self.give_back(networks(client).take(step), more);
                return false;
            }
            *held += more;
        }
        true
    }

    fn give_back(&self, networks: impl Iterator<Item = IpAddr>, bytes: usize) {
        for network in networks {
            let mut shard = self.shard(network);
            if let Some(held) = shard.get_mut(&network) {
                *held = held.saturating_sub(bytes);
                if *held == 0 {
                    shard.remove(&network);
                }
            }
        }
    }

    fn shard(&self, network: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        let place = usize::try_from(self.hash.hash_one(network)).unwrap_or(0) % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request and then its response, counted until dropped.
#[derive(Debug)]
pub(super) struct Visit {
    clients: Arc<Clients>,
    client: IpAddr,
    bytes: usize,
}

impl Visit {
    /// The same, counted as a response of `size` bytes; `None` if the client's share has no room.
    pub(super) fn answered(self, size: usize) -> Option<Self> {
        self.resized(size.max(LEAST))
    }

    fn resized(mut self, bytes: usize) -> Option<Self> {
        if bytes > self.bytes {
            if !self.clients.take(self.client, bytes - self.bytes) {
                return None;
            }
        } else {
            self.clients.give_back(networks(self.client), self.bytes - bytes);
        }
        self.bytes = bytes;
        Some(self)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.clients.give_back(networks(self.client), self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(clients: &Clients) -> usize {
        clients.shards.iter().map(|shard| shard.lock().unwrap().values().sum::<usize>()).sum()
    }

    #[test]
    fn one_client_has_its_share_and_others_have_theirs() {
        let clients = Arc::<Clients>::default();
        let greedy = "192.0.2.1".parse().unwrap();
        let visits: Vec<_> = std::iter::from_fn(|| clients.enter(greedy)).collect();
        assert_eq!(visits.len(), SHARE / ORDINARY);
        assert!(clients.enter("192.0.2.2".parse().unwrap()).is_some());
        drop(visits);
        assert_eq!(held(&clients), 0);
        assert!(clients.enter(greedy).is_some());
    }

    #[test]
    fn an_answer_that_the_share_has_no_room_for_is_refused_and_forgotten() {
        let clients = Arc::<Clients>::default();
        let client = "192.0.2.1".parse().unwrap();
        let large = clients.enter(client).unwrap().answered(SHARE - ORDINARY).unwrap();
        let small = clients.enter(client).unwrap();
        assert!(small.answered(ORDINARY + 1).is_none());
        assert_eq!(held(&clients), SHARE - ORDINARY);
        drop(large);
        assert_eq!(held(&clients), 0);
    }

    #[test]
    fn the_addresses_of_one_subscriber_and_of_one_site_are_counted_together() {
        let clients = Arc::<Clients>::default();
        let address = |subscriber: u16, host: u16| {
            format!("2001:db8:1:{subscriber:x}::{host:x}").parse().unwrap()
        };
        let one: Vec<_> = (0..1000).filter_map(|host| clients.enter(address(1, host))).collect();
        assert_eq!(one.len(), SHARE / ORDINARY);
        let site: Vec<_> =
            (2..5000).filter_map(|number| clients.enter(address(number, 1))).collect();
        assert_eq!(one.len() + site.len(), WIDER * SHARE / ORDINARY);
        assert!(clients.enter("2001:db8:2::1".parse().unwrap()).is_some());
        drop((one, site));
        assert_eq!(held(&clients), 0);
    }
}
