//! A stored key pair and its stages: published, signing, only verifying, removed.

use std::time::Duration;

use time::OffsetDateTime;

use crate::row;

/// How long verifiers may cache the published set: `Cache-Control: max-age` in seconds.
pub(super) const CACHE_LIFE: u64 = 300;
/// Age of the cached keys at which a server reads them again, in seconds.
pub(super) const LOOK_AGAIN: i64 = 60;
/// The same for the published set, whose cache lifetime starts then.
pub(super) const PUBLISH_AGAIN: i64 = 5;
/// The same for signing: a key retired immediately must not sign for longer than this, because its tokens are
/// no longer accepted.
pub(super) const SIGN_AGAIN: i64 = 5;

/// How long a key is published before it signs.
pub(super) const LEAD: Duration = Duration::from_secs(CACHE_LIFE + PUBLISH_AGAIN.unsigned_abs());
/// How long servers with old cached keys may sign with a retired key.
pub(super) const LAG: Duration = Duration::from_secs(LOOK_AGAIN.unsigned_abs());

row! {
    /// A stored key pair, with its private key encrypted.
    #[derive(Clone, PartialEq, Eq)]
    pub struct SigningKey {
        /// Its id: the RFC 7638 thumbprint.
        pub kid: String,
        /// `EdDSA`, `ES256` or `RS256`.
        pub algorithm: String,
        /// The public part, as JSON.
        pub public_jwk: String,
        /// The encrypted private key.
        pub sealed: Vec<u8>,
        /// When it was made.
        pub created_at: OffsetDateTime,
        /// Signs from then on, unless no other key can.
        pub active_at: OffsetDateTime,
        /// Does not sign from then on.
        pub retired_at: Option<OffsetDateTime>,
        /// Does not verify from then on.
        pub remove_at: Option<OffsetDateTime>,
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SigningKey({} {})", self.algorithm, self.kid)
    }
}

/// The stage of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Published; signs soon.
    Waiting,
    /// May sign.
    Active,
    /// Still verifies what it signed.
    Retired,
    /// Verifies nothing; deleted by the next change of a key.
    Removed,
}

impl Stage {
    /// As printed by commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Removed => "removed",
        }
    }
}

impl SigningKey {
    /// Its stage at `now`.
    pub fn stage(&self, now: OffsetDateTime) -> Stage {
        if self.remove_at.is_some_and(|at| at <= now) {
            Stage::Removed
        } else if self.retired_at.is_some_and(|at| at <= now) {
            Stage::Retired
        } else if self.active_at > now {
            Stage::Waiting
        } else {
            Stage::Active
        }
    }
}

/// The key that signs at `now`: the newest active one; if there is none, the oldest waiting one, since
/// otherwise nobody could sign in.
pub(super) fn signing_at<'a>(
    keys: impl Iterator<Item = &'a SigningKey>,
    now: OffsetDateTime,
) -> Option<&'a SigningKey> {
    let (active, waiting): (Vec<_>, Vec<_>) = keys
        .filter(|key| matches!(key.stage(now), Stage::Active | Stage::Waiting))
        .partition(|key| key.stage(now) == Stage::Active);
    let newest = active.into_iter().max_by_key(|key| key.active_at);
    newest.or_else(|| waiting.into_iter().min_by_key(|key| key.active_at))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

    fn key(kid: &str, active: i64, retired: Option<i64>, removed: Option<i64>) -> SigningKey {
        let at = |seconds: i64| NOW + time::Duration::seconds(seconds);
        SigningKey {
            kid: kid.into(),
            algorithm: "EdDSA".into(),
            public_jwk: String::new(),
            sealed: Vec::new(),
            created_at: at(active - 305),
            active_at: at(active),
            retired_at: retired.map(at),
            remove_at: removed.map(at),
        }
    }

    fn signs(keys: &[SigningKey]) -> Option<&str> {
        signing_at(keys.iter(), NOW).map(|key| key.kid.as_str())
    }

    #[test]
    fn the_newest_active_key_signs_and_a_waiting_one_only_where_there_is_no_other() {
        let old = key("old", -1000, Some(10), Some(100));
        let new = key("new", 10, None, None);
        assert_eq!(signs(&[old.clone(), new.clone()]), Some("old"));
        assert_eq!(signs(&[old, key("newer", 0, None, None)]), Some("newer"));
        assert_eq!(signs(&[new.clone(), key("later", 20, None, None)]), Some("new"));
        assert_eq!(signs(&[key("gone", -10, Some(0), Some(100)), new]), Some("new"));
        assert_eq!(signs(&[key("gone", -10, Some(-5), Some(0))]), None);
    }

    #[test]
    fn a_key_goes_through_its_stages_in_order() {
        assert_eq!(key("a", 1, None, None).stage(NOW), Stage::Waiting);
        assert_eq!(key("a", 0, None, None).stage(NOW), Stage::Active);
        assert_eq!(key("a", -9, Some(1), Some(2)).stage(NOW), Stage::Active);
        assert_eq!(key("a", -9, Some(0), Some(2)).stage(NOW), Stage::Retired);
        assert_eq!(key("a", -9, Some(-1), Some(0)).stage(NOW), Stage::Removed);
    }
}
