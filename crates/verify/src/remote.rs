//! Keys that an issuer publishes (RFC 7517): fetched once and kept; again when they are old, or when a
//! token names an unknown key, but never more often than the cool-down, so that tokens with invented
//! key names cause no traffic. While the issuer is away the keys at hand go on serving, for a day.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{KeySet, Rejection};

/// A document, or why there is none; the text is for the log.
pub type Fetched = Result<Vec<u8>, String>;

/// Gets a document. Implementations must bound time and size and follow no redirect.
pub trait Fetch: Send + Sync + 'static {
    /// The document at this address.
    fn fetch<'a>(&'a self, url: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>>;
}

/// Seconds.
const FRESH_FOR: i64 = 300;
const COOL_DOWN: i64 = 30;
const STALE_FOR: i64 = 24 * 3600;

/// An issuer's published keys; clones share them.
#[derive(Clone)]
pub struct RemoteKeys {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    fetch: Box<dyn Fetch>,
    known: RwLock<Known>,
    /// Held by the one that fetches.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<KeySet>>,
    fetched_at: i64,
    tried_at: Option<i64>,
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RemoteKeys({})", self.inner.url)
    }
}

impl Known {
    /// The keys, unless they are too old to trust.
    fn usable(&self, now: i64) -> Option<&Arc<KeySet>> {
        self.keys.as_ref().filter(|_| now - self.fetched_at < STALE_FOR)
    }

    /// The keys that can tell about a token that names `kid`.
    fn serving(&self, kid: Option<&str>, now: i64) -> Option<&Arc<KeySet>> {
        self.usable(now).filter(|keys| kid.is_none_or(|kid| keys.find(kid).is_some()))
    }

    fn is_wanting(&self, kid: Option<&str>, now: i64) -> bool {
        let is_fresh = (0..FRESH_FOR).contains(&(now - self.fetched_at));
        !is_fresh || self.serving(kid, now).is_none()
    }

    fn is_cooling_down(&self, now: i64) -> bool {
        self.tried_at.is_some_and(|tried| (0..COOL_DOWN).contains(&(now - tried)))
    }
}

impl RemoteKeys {
    /// The keys at this address; nothing is fetched yet.
    pub fn new(url: impl Into<String>, fetch: impl Fetch) -> Self {
        let inner = Inner {
            url: url.into(),
            fetch: Box::new(fetch),
            known: RwLock::default(),
            fetching: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The keys in which a token's `kid` is to be looked up, at the instant `now`.
    pub async fn keys(&self, kid: Option<&str>, now: i64) -> Result<Arc<KeySet>, Rejection> {
        let known = self.inner.known();
        if known.is_wanting(kid, now) {
            let turn = match Arc::clone(&self.inner.fetching).try_lock_owned() {
                Ok(turn) => turn,
                // Somebody else is fetching: what is at hand will do, if it can tell.
                Err(_) => match known.serving(kid, now) {
                    Some(keys) => return Ok(Arc::clone(keys)),
                    None => Arc::clone(&self.inner.fetching).lock_owned().await,
                },
            };
            let known = self.inner.known();
            if known.is_wanting(kid, now) && !known.is_cooling_down(now) {
                // A task of its own, so that a caller who gives up does not end it.
                let inner = Arc::clone(&self.inner);
                let fetched = tokio::spawn(async move {
                    let _turn = turn;
                    inner.refresh(now).await;
                });
                let _ = fetched.await;
            }
        }
        self.inner.known().usable(now).cloned().ok_or(Rejection::KeysUnavailable)
    }
}

impl Inner {
    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refresh(&self, now: i64) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).tried_at = Some(now);
        let fetched = self.fetch.fetch(&self.url).await;
        let keys =
            fetched.and_then(|json| KeySet::from_jwks(&json).map_err(|error| error.to_string()));
        match keys {
            Ok(keys) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.keys = Some(Arc::new(keys));
                known.fetched_at = now;
            }
            Err(why) => tracing::warn!(url = %self.url, %why, "an issuer's keys cannot be fetched"),
        }
    }
}
