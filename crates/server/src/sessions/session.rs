//! A session: one sign-in on one device. It lives until its idle limit, its absolute limit or an explicit
//! end, whichever comes first; it cannot be revived.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::factors::Authentication;
use crate::gate::Life;
use crate::row;

row! {
    /// The immutable part of a session.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Beginning from sessions {
        /// Its public id, the claim `sid`.
        pub id: Uuid,
        /// Its user.
        pub user_id: Uuid,
        /// Binds refresh tokens to this row; useless on its own.
        pub salt: Vec<u8>,
        /// The absolute limit.
        pub max_expires_at: OffsetDateTime,
    }
}

row! {
    /// A session as stored.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Session from sessions {
        /// The immutable part.
        pub begun: Beginning = ..,
        /// When and how its user authenticated.
        pub how: Authentication = ..,
        /// The current generation of the refresh token.
        pub counter: i64,
        /// The latest generation whose access token was used.
        pub confirmed: i64,
        /// Tolerated repeats in consecutive generations.
        pub repeats: i64,
        /// The time of the last repeat.
        pub repeated_at: Option<OffsetDateTime>,
        /// When the current generation was created.
        pub rotated_at: OffsetDateTime,
        /// The idle limit, never after the absolute one.
        pub expires_at: OffsetDateTime,
        /// Set by logout, revocation or token reuse.
        pub ended_at: Option<OffsetDateTime>,
    }
}

/// The latest generation of a session: what its tokens contain beside the immutable part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Generation {
    /// The claim `gen`.
    pub(super) counter: i64,
    /// Limits the lifetime of its tokens.
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

    /// True while its tokens are valid.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        let expires_at = self.expires_at.min(self.begun.max_expires_at);
        Life::of(self.ended_at, expires_at, now) == Life::Live
    }
}
