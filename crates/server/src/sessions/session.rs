//! A session: one sign-in on one device. It lives until its idle limit, its absolute limit, or an end
//! that somebody asked for, whichever comes first; nothing revives it.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::{Columns, FromRow, Result};

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its public id: the claim `sid`.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The generation of the refresh token that is current.
    pub counter: i64,
    /// The latest generation whose access token was seen.
    pub confirmed: i64,
    /// Binds refresh tokens to this row; signs nobody in by itself.
    pub salt: Vec<u8>,
    /// When the current generation was made.
    pub rotated_at: OffsetDateTime,
    /// The idle limit, never past the absolute one.
    pub expires_at: OffsetDateTime,
    /// The absolute limit.
    pub max_expires_at: OffsetDateTime,
    /// Set by logout, revocation or theft.
    pub ended_at: Option<OffsetDateTime>,
}

impl Session {
    /// True while its tokens count.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now < self.max_expires_at
    }

    /// The idle limit after a use at `now`.
    pub fn extended(&self, now: OffsetDateTime, idle: Duration) -> OffsetDateTime {
        (now + idle).min(self.max_expires_at)
    }
}

impl FromRow for Session {
    fn from_row(row: &Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            user_id: row.get(1)?,
            counter: row.get(2)?,
            confirmed: row.get(3)?,
            salt: row.get(4)?,
            rotated_at: row.get(5)?,
            expires_at: row.get(6)?,
            max_expires_at: row.get(7)?,
            ended_at: row.get(8)?,
        })
    }
}
