//! A session: one sign-in on one device. It lives until its idle limit, its absolute limit, or an end
//! that somebody asked for, whichever comes first; nothing revives it.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::factors::Authentication;
use crate::gate::Life;
use crate::row;

row! {
    /// What was settled when a session began, and never changes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Beginning from sessions {
        /// Its public id: the claim `sid`.
        pub id: Uuid,
        /// Whose it is.
        pub user_id: Uuid,
        /// Binds refresh tokens to this row; signs nobody in by itself.
        pub salt: Vec<u8>,
        /// The absolute limit.
        pub max_expires_at: OffsetDateTime,
    }
}

row! {
    /// A session as stored.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Session from sessions {
        /// What never changes.
        pub begun: Beginning = ..,
        /// When and how its user proved who they are.
        pub how: Authentication = ..,
        /// The generation of the refresh token that is current.
        pub counter: i64,
        /// The latest generation whose access token was seen.
        pub confirmed: i64,
        /// Repeats that were forgiven in generations one after the other.
        pub repeats: i64,
        /// When the last of them was.
        pub repeated_at: Option<OffsetDateTime>,
        /// When the current generation was made.
        pub rotated_at: OffsetDateTime,
        /// The idle limit, never past the absolute one.
        pub expires_at: OffsetDateTime,
        /// Set by logout, revocation or theft.
        pub ended_at: Option<OffsetDateTime>,
    }
}

/// The latest step of a session: what its tokens say beside what never changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Generation {
    /// The claim `gen`.
    pub(super) counter: i64,
    /// No token of it lives longer.
    pub(super) expires_at: OffsetDateTime,
}

impl Beginning {
    /// The idle limit after a use at `now`.
    pub fn extended(&self, now: OffsetDateTime, idle: Duration) -> OffsetDateTime {
        (now + idle).min(self.max_expires_at)
    }
}

impl Session {
    /// The current generation.
    pub(super) fn generation(&self) -> Generation {
        Generation { counter: self.counter, expires_at: self.expires_at }
    }

    /// True while its tokens count.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        let expires_at = self.expires_at.min(self.begun.max_expires_at);
        Life::of(self.ended_at, expires_at, now) == Life::Live
    }
}
