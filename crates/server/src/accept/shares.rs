//! Each client network's share of the connections. At its limit, a new connection replaces an idle one of the
//! same network, or is closed itself. So nobody can lock others out, and a client that leaves connections
//! open only affects itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::accept::pulse::Pulse;
use crate::http::client_ip::networks;

/// How many of a network's connections are searched for the longest idle one.
const LOOKED_AT: usize = 32;

/// The connections of each network.
#[derive(Debug, Default)]
pub(super) struct Shares {
    most: usize,
    held: Mutex<HashMap<IpAddr, Vec<Arc<Pulse>>>>,
}

/// A connection's entry; dropping it releases the place.
#[derive(Debug)]
pub(super) struct Share {
    shares: Arc<Shares>,
    networks: Vec<IpAddr>,
    pulse: Arc<Pulse>,
}

impl Shares {
    /// At most `most` connections per network.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), held: Mutex::default() })
    }

    /// A place for this connection. `None` if its network is at its limit, with all connections in use.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr, pulse: &Arc<Pulse>) -> Option<Share> {
        let networks: Vec<_> = networks(peer).collect();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for (step, network) in networks.iter().enumerate() {
            // A wider network has more users than the narrow one within it.
            let most = self.most.saturating_mul(step + 1);
            let Some(connections) = held.get(network) else { continue };
            if connections.len() >= most && !retire_the_idlest(connections) {
                return None;
            }
        }
        for network in &networks {
            held.entry(*network).or_default().push(Arc::clone(pulse));
        }
        Some(Share { shares: Arc::clone(self), networks, pulse: Arc::clone(pulse) })
    }
}

/// Asks the connection that has been idle longest to close; false if none is idle.
fn retire_the_idlest(connections: &[Arc<Pulse>]) -> bool {
    // Mostly ordered by age: connections are in order of arrival.
    let idle = connections.iter().filter(|one| one.is_idle()).take(LOOKED_AT);
    let idlest = idle.min_by_key(|one| one.since());
    idlest.is_some_and(|one| {
        one.retire();
        true
    })
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.held.lock().unwrap_or_else(PoisonError::into_inner);
        for network in &self.networks {
            let Some(connections) = held.get_mut(network) else { continue };
            if let Some(place) = connections.iter().position(|one| Arc::ptr_eq(one, &self.pulse)) {
                connections.swap_remove(place);
            }
            if connections.is_empty() {
                held.remove(network);
            }
        }
    }
}
