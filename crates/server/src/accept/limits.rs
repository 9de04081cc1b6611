//! The limits per client: connections, sizes and the duration of each phase of an exchange. Together they
//! bound memory and disconnect slow clients (slowloris), which `axum::serve` never does.

use std::time::Duration;

use crate::config::Cidr;

/// Limits of the accept loop and of each connection.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum number of open connections; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Maximum number of open connections per client network. At this limit an idle one of it is closed.
    pub connections_per_client: usize,
    /// Proxies, which stand for many clients, so that this limit does not apply to their connections.
    pub trusted_proxies: Vec<Cidr>,
    /// From accepting, or the first byte of a later request, to the end of the header block.
    pub head: Duration,
    /// From a response to the next request on a kept-alive connection; longer than usual for proxies, so that
    /// they close first.
    pub idle: Duration,
    /// From the header block to the end of a request's body.
    pub body: Duration,
    /// From a request to the last byte of its response: disconnects clients that do not read.
    pub exchange: Duration,
    /// The header block, in bytes.
    pub head_bytes: usize,
    /// Maximum number of concurrent streams on one HTTP/2 connection.
    pub streams: u32,
    /// How long accepted requests may take to finish during a shutdown.
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

/// How many files this process may open, after raising the soft limit to the hard one: the usual default of 1
/// 024 could be used up by slow clients.
#[cfg(unix)]
pub fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: before.maximum, maximum: before.maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { before };
    now.current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// There is no limit to read.
#[cfg(not(unix))]
pub fn open_files() -> usize {
    usize::MAX
}
