//! A process's cache of sessions; the database row is always authoritative.

use uuid::Uuid;

use super::Beginning;
use crate::clock::Daily;
use crate::recent::Recent;

/// A process's cache of sessions.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The immutable data of recent sessions, so that refreshing them needs no read.
    pub(super) begun: Recent<Uuid, Beginning>,
    /// When expired sessions were last deleted.
    pub(super) pruned: Daily,
}
