//! The cached state of an issuer's published keys, and when to fetch them again. Independent of clock and
//! network.

use std::sync::Arc;

use crate::{KeySet, Rejection};

/// Age in seconds from which keys are renewed in the background.
const RENEW_AFTER: i64 = 240;
/// Age from which keys are renewed before use, if that is quick.
const FRESH_FOR: i64 = 300;
/// Age from which keys are no longer used.
const STALE_FOR: i64 = 24 * 3600;
/// Seconds between two attempts while there are keys.
const COOL_DOWN: i64 = 30;
/// Seconds between two attempts while there are no keys: after the first failure, the second, …
const BACK_OFF: [i64; 4] = [1, 2, 4, 5];

#[derive(Debug, Default)]
pub(crate) struct KnownKeys {
    keys: Option<Arc<KeySet>>,
    fetched_at: i64,
    tried_at: Option<i64>,
    /// Failures since the last success.
    failures: usize,
    why: Option<String>,
    is_slow: bool,
}

impl KnownKeys {
    /// The keys for a token with this `kid`, unless they are too old.
    pub(crate) fn serving(&self, kid: Option<&str>, now: i64) -> Option<&Arc<KeySet>> {
        self.usable(now).filter(|keys| kid.is_none_or(|kid| keys.find(kid).is_some()))
    }

    fn usable(&self, now: i64) -> Option<&Arc<KeySet>> {
        self.keys.as_ref().filter(|_| now - self.fetched_at < STALE_FOR)
    }

    fn is_younger(&self, most: i64, now: i64) -> bool {
        self.keys.is_some() && (0..most).contains(&(now - self.fetched_at))
    }

    pub(crate) fn is_fresh(&self, now: i64) -> bool {
        self.is_younger(FRESH_FOR, now)
    }

    /// The last attempt failed, or is taking long.
    pub(crate) fn is_troubled(&self) -> bool {
        self.failures > 0 || self.is_slow
    }

    /// Whether to fetch now, for a token with this `kid`.
    pub(crate) fn is_due(&self, kid: Option<&str>, now: i64) -> bool {
        let is_wanted = !self.is_younger(RENEW_AFTER, now) || self.serving(kid, now).is_none();
        is_wanted && self.wait(now) == 0
    }

    /// Why the last attempt failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Seconds between the last attempt and the next.
    pub(crate) fn pause(&self, now: i64) -> i64 {
        if self.usable(now).is_some() {
            COOL_DOWN
        } else {
            BACK_OFF[self.failures.clamp(1, BACK_OFF.len()) - 1]
        }
    }

    /// Seconds until the next attempt.
    fn wait(&self, now: i64) -> i64 {
        let since = self.tried_at.map(|tried| now - tried).filter(|since| *since >= 0);
        since.map_or(0, |since| (self.pause(now) - since).max(0))
    }

    /// The result for a token with this `kid`. If the last attempt failed, an unknown key may be a new one,
    /// so its tokens can neither be accepted nor rejected.
    pub(crate) fn found(&self, kid: Option<&str>, now: i64) -> Result<Arc<KeySet>, Rejection> {
        let keys = match self.serving(kid, now) {
            None if self.failures > 0 => None,
            None => self.usable(now),
            keys => keys,
        };
        keys.cloned().ok_or_else(|| {
            let retry_after = u16::try_from(self.wait(now)).unwrap_or(u16::MAX).max(1);
            Rejection::KeysUnavailable { retry_after }
        })
    }

    pub(crate) fn note_try(&mut self, now: i64) {
        self.tried_at = Some(now);
    }

    pub(crate) fn note_slow(&mut self) {
        self.is_slow = true;
    }

    /// True if this ends a series of failures.
    pub(crate) fn note_success(&mut self, keys: KeySet, now: i64) -> bool {
        let is_back = self.failures > 0;
        *self = Self {
            keys: Some(Arc::new(keys)),
            fetched_at: now,
            tried_at: self.tried_at,
            ..Self::default()
        };
        is_back
    }

    /// True if this failure differs from the last one.
    pub(crate) fn note_failure(&mut self, why: &str) -> bool {
        let is_news = self.why.as_deref() != Some(why);
        self.failures += 1;
        self.why = Some(why.to_owned());
        self.is_slow = false;
        is_news
    }
}
