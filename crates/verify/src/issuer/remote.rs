//! Keys that an issuer publishes (RFC 7517), cached and fetched again before they are too old or when a token
//! names an unknown key. Tokens with invented key ids cause no traffic, because of the pause between
//! attempts. While the issuer is unavailable, cached keys are used for up to a day.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use crate::issuer::known_keys::KnownKeys;
use crate::{KeySet, Rejection};

/// A document, or why it could not be fetched, for the log.
pub type Fetched = Result<Vec<u8>, String>;

/// Fetches a document. Implementations must limit time and size, and must not follow redirects.
pub trait Fetch: Send + Sync + 'static {
    /// Fetches the document at this URL.
    fn fetch<'a>(&'a self, url: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>>;
}

/// How long a request may wait for the renewal of keys that can still be used.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why keys could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFetched {
    url: String,
    why: String,
}

impl fmt::Display for NotFetched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot get the keys at {}: {}", self.url, self.why)
    }
}

impl std::error::Error for NotFetched {}

/// An issuer's published keys; clones share the cache.
#[derive(Clone)]
pub struct RemoteKeys {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    fetch: Box<dyn Fetch>,
    known: RwLock<KnownKeys>,
    /// Locked during a fetch.
    fetching: Arc<tokio::sync::Mutex<()>>,
    is_retrying: AtomicBool,
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RemoteKeys({})", self.inner.url)
    }
}

impl RemoteKeys {
    /// The keys at this URL, fetched with `fetch`; nothing is fetched yet.
    pub fn new(url: impl Into<String>, fetch: impl Fetch) -> Self {
        let inner = Inner {
            url: url.into(),
            fetch: Box::new(fetch),
            known: RwLock::default(),
            fetching: Arc::default(),
            is_retrying: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Fetches the keys now, so that the first request does not have to wait. After an error, fetching is
    /// retried in the background every few seconds until it succeeds.
    pub async fn prefetch(&self, now: i64) -> Result<(), NotFetched> {
        let turn = Arc::clone(&self.inner.fetching).lock_owned().await;
        if self.inner.read(|known| known.is_fresh(now)) {
            return Ok(());
        }
        self.inner.spawn(turn, now).await;
        let why = self.inner.read(|known| known.failure().map(ToOwned::to_owned));
        let Some(why) = why else { return Ok(()) };
        if !self.inner.is_retrying.swap(true, Ordering::SeqCst) {
            tokio::spawn(retry(Arc::downgrade(&self.inner), now));
        }
        Err(NotFetched { url: self.inner.url.clone(), why })
    }

    /// The keys to look up a token's `kid` in, at the time `now` (seconds since 1970).
    ///
    /// Keys that are at most five minutes old and include the `kid` are returned immediately, and from the
    /// fourth minute on renewed in the background. Older keys, left from an idle period, are renewed first,
    /// so that a retired key does not stay valid in an idle service. This waits at most a second, and not at
    /// all if the last attempt failed or is slow. Only for an unknown `kid`, and for an issuer whose keys
    /// were never fetched, does the call wait until the fetch ends.
    pub async fn keys(&self, kid: Option<&str>, now: i64) -> Result<Arc<KeySet>, Rejection> {
        let (serving, is_fresh, is_due) = self.inner.read(|known| {
            (known.serving(kid, now).cloned(), known.is_fresh(now), known.is_due(kid, now))
        });
        match serving {
            Some(keys) if is_fresh => {
                if is_due {
                    self.inner.renew_in_background(now);
                }
                Ok(keys)
            }
            Some(_) => self.renewed_in_time(kid, now).await,
            None => {
                self.inner.renew(kid, now).await;
                self.inner.read(|known| known.found(kid, now))
            }
        }
    }

    /// Whether this key is in the cache.
    pub(crate) fn knows(&self, kid: &str, now: i64) -> bool {
        self.inner.read(|known| known.serving(Some(kid), now).is_some())
    }

    async fn renewed_in_time(&self, kid: Option<&str>, now: i64) -> Result<Arc<KeySet>, Rejection> {
        if self.inner.read(KnownKeys::is_troubled) {
            self.inner.renew_in_background(now);
        } else if tokio::time::timeout(PATIENCE, self.inner.renew(kid, now)).await.is_err() {
            self.inner.write(KnownKeys::note_slow);
        }
        self.inner.read(|known| known.found(kid, now))
    }
}

impl Inner {
    fn read<T>(&self, look: impl FnOnce(&KnownKeys) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut KnownKeys) -> T) -> T {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts a fetch unless one is in progress, without waiting for it.
    fn renew_in_background(self: &Arc<Self>, now: i64) {
        if let Ok(turn) = Arc::clone(&self.fetching).try_lock_owned()
            && self.read(|known| known.is_due(None, now))
        {
            drop(self.spawn(turn, now));
        }
    }

    /// Waits until the keys are fetched, unless that was tried a moment ago.
    async fn renew(self: &Arc<Self>, kid: Option<&str>, now: i64) {
        let turn = Arc::clone(&self.fetching).lock_owned().await;
        if self.read(|known| known.is_due(kid, now)) {
            self.spawn(turn, now).await;
        }
    }

    /// Fetches in a separate task, so that a cancelled caller does not cancel it.
    fn spawn(self: &Arc<Self>, turn: OwnedMutexGuard<()>, now: i64) -> impl Future<Output = ()> {
        let inner = Arc::clone(self);
        let fetched = tokio::spawn(async move {
            let _turn = turn;
            inner.fetch(now).await;
        });
        async { drop(fetched.await) }
    }

    async fn fetch(&self, now: i64) {
        self.write(|known| known.note_try(now));
        let fetched = self.fetch.fetch(&self.url).await;
        let keys = fetched.and_then(|json| published(&json));
        let url = &self.url;
        match keys {
            Ok(keys) => {
                if self.write(|known| known.note_success(keys, now)) {
                    tracing::info!(%url, "an issuer's keys can be fetched again");
                }
            }
            Err(why) => {
                if self.write(|known| known.note_failure(&why)) {
                    tracing::warn!(%url, %why, "an issuer's keys cannot be fetched");
                } else {
                    tracing::debug!(%url, %why, "an issuer's keys still cannot be fetched");
                }
            }
        }
    }
}

/// The keys of a published set. An empty set is a mistake, or means that no key pairs are in use: it must
/// never replace a good one.
fn published(json: &[u8]) -> Result<KeySet, String> {
    let keys = KeySet::from_jwks(json).map_err(|error| error.to_string())?;
    if keys.keys().is_empty() {
        return Err("it publishes no key that can verify tokens. If it signs with HS256, give \
                    this service the shared secret instead"
            .into());
    }
    Ok(keys)
}

/// Retries until there are keys, or all users of them have been dropped.
async fn retry(inner: Weak<Inner>, mut now: i64) {
    loop {
        let Some(pause) = inner.upgrade().map(|inner| inner.read(|known| known.pause(now))) else {
            return;
        };
        tokio::time::sleep(Duration::from_secs(pause.unsigned_abs())).await;
        now += pause;
        let Some(inner) = inner.upgrade() else { return };
        inner.renew(None, now).await;
        if inner.read(|known| known.serving(None, now).is_some()) {
            inner.is_retrying.store(false, Ordering::SeqCst);
            return;
        }
    }
}
