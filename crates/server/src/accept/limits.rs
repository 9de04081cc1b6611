//! What one client may cost: connections, sizes and the time each phase of an exchange may take.
//! Together they bound memory and cut slow clients (slowloris), which `axum::serve` never does.

use std::time::Duration;

use crate::config::Cidr;

/// Bounds of the accept loop and of each connection.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once; later ones wait in the kernel's queue.
    pub connections: usize,
    /// Connections open at once of one client network. At this limit an idle one of it makes room.
    pub connections_per_client: usize,
    /// Peers that stand for many clients, so that their connections have no share.
    pub trusted_proxies: Vec<Cidr>,
    /// From the accept, or the first byte of a later request, to the end of the header block.
    pub head: Duration,
    /// From one answer to the next request on a kept-alive connection; longer than common proxies keep
    /// theirs, so that they close first.
    pub idle: Duration,
    /// From the header block to the end of a request's body.
    pub body: Duration,
    /// From a request to the last byte of its answer: cuts clients that do not read.
    pub exchange: Duration,
    /// The header block, in bytes.
    pub head_bytes: usize,
    /// Streams at once on one HTTP/2 connection.
    pub streams: u32,
    /// How long accepted requests may finish after a shutdown begins.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let connections = open_files().saturating_sub(RESERVED_FILES).clamp(64, 16_384);
        Self {
            connections,
            connections_per_client: Self::share_of(connections),
            trusted_proxies: Vec::new(),
            head: Duration::from_secs(10),
            idle: Duration::from_mins(3),
            body: Duration::from_secs(10),
            exchange: Duration::from_mins(1),
            head_bytes: 64 * 1024,
            streams: 128,
            drain: Duration::from_secs(25),
        }
    }
}

impl Limits {
    /// The share of one client network in this number of connections.
    pub fn share_of(connections: usize) -> usize {
        (connections / 4).max(16)
    }
}

/// Files that are not client connections: database, log, listener, libraries.
pub const RESERVED_FILES: usize = 256;

/// How many files this process may hold open, after raising the soft limit to the hard one: shells
/// hand out 1 024, which slow clients could use up.
#[cfg(unix)]
pub fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { before };
    now.current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Nobody counts them.
#[cfg(not(unix))]
pub fn open_files() -> usize {
    usize::MAX
}
