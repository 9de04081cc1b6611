//! What a process remembers of sessions; nothing of it is ever the last word, the row is.

use uuid::Uuid;

use super::Beginning;
use crate::clock::Daily;
use crate::recent::Recent;

/// What a process remembers of sessions.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// How those seen lately began, so that their refresh need not ask first.
    pub(super) begun: Recent<Uuid, Beginning>,
    /// When those that are over were last removed.
    pub(super) pruned: Daily,
}
