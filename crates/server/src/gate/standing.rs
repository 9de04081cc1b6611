//! The conditions of the gate for rows that are already read: the same rules as the SQL in `conditions.rs`.

use time::OffsetDateTime;

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Active and not banned.
    Active,
    /// Disabled, whether banned or not.
    Disabled,
    /// Banned until this instant.
    Banned(OffsetDateTime),
}

impl Standing {
    /// The standing at `now` of a user with these columns.
    pub fn of(is_active: bool, banned_until: Option<OffsetDateTime>, now: OffsetDateTime) -> Self {
        match banned_until {
            _ if !is_active => Self::Disabled,
            Some(until) if until > now => Self::Banned(until),
            _ => Self::Active,
        }
    }
}

/// Whether a session is still valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Neither ended nor expired.
    Live,
    /// Ended at this instant.
    Ended(OffsetDateTime),
    /// Expired at this instant.
    Expired(OffsetDateTime),
}

impl Life {
    /// The state at `now` of a session with these columns.
    pub fn of(
        ended_at: Option<OffsetDateTime>,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Self {
        match ended_at {
            Some(ended) => Self::Ended(ended),
            None if expires_at <= now => Self::Expired(expires_at),
            None => Self::Live,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::{Life, Standing};

    #[test]
    fn a_ban_ends_at_its_instant_and_a_session_expires_at_its_own() {
        let now = datetime!(2026-11-20 16:00 UTC);
        let later = now + Duration::MICROSECOND;
        assert_eq!(Standing::of(true, None, now), Standing::Active);
        assert_eq!(Standing::of(true, Some(now), now), Standing::Active);
        assert_eq!(Standing::of(true, Some(later), now), Standing::Banned(later));
        assert_eq!(Standing::of(false, Some(later), now), Standing::Disabled);
        assert_eq!(Life::of(None, later, now), Life::Live);
        assert_eq!(Life::of(None, now, now), Life::Expired(now));
        assert_eq!(Life::of(Some(now), later, now), Life::Ended(now));
    }
}
