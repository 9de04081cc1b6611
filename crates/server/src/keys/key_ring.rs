//! The keys of a server: the shared secrets, and the key pairs in the database. Pairs are read when a request
//! needs them and the last read is too old, never on a timer, so that a suspended database is not woken;
//! while the database is unavailable, the cached keys stay in use.

use std::sync::{Arc, PoisonError, RwLock};

use doorward_verify::{Key, KeySet, Verifier};
use time::OffsetDateTime;

use super::signing_key::{SigningKey, signing_at};
use super::store;
use crate::clock::Clock;
use crate::config::{Secret, Settings};
use crate::crypto::{KeyPair, Seals};
use crate::db::Database;
use crate::error::Error;

/// The result of one read.
#[derive(Debug)]
pub(super) struct Ring {
    looked_at: Option<OffsetDateTime>,
    /// When one of its keys becomes invalid.
    until: Option<OffsetDateTime>,
    pub(super) keys: Vec<SigningKey>,
    pairs: Arc<[(String, KeyPair)]>,
    pub(super) verifier: Verifier,
}

#[derive(Debug)]
pub(super) struct KeyRing {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) db: Database,
    pub(super) seals: Seals,
    ring: RwLock<Arc<Ring>>,
    looking: tokio::sync::Mutex<()>,
}

impl KeyRing {
    pub(super) fn new(settings: &Settings, clock: Clock, db: Database) -> Self {
        let seals = Seals::new(settings);
        let ring = Ring {
            looked_at: None,
            until: None,
            keys: Vec::new(),
            pairs: Arc::default(),
            verifier: verifier(settings, &[]),
        };
        Self {
            settings: settings.clone(),
            clock,
            db,
            seals,
            ring: RwLock::new(Arc::new(ring)),
            looking: tokio::sync::Mutex::default(),
        }
    }

    /// The cached keys, whatever their age.
    pub(super) fn at_hand(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keys of at most this age in seconds; older ones if the database is unavailable.
    pub(super) async fn fresh(&self, most: i64) -> Result<Arc<Ring>, Error> {
        let ring = self.at_hand();
        if ring.is_fresh(self.clock.now(), most) {
            return Ok(ring);
        }
        let _turn = self.looking.lock().await;
        let ring = self.at_hand();
        let now = self.clock.now();
        if ring.is_fresh(now, most) {
            return Ok(ring);
        }
        let next = match store::list_published(&self.db, now).await {
            Ok(keys) if keys == ring.keys => ring.seen_again(now, &self.settings),
            Ok(keys) => {
                if ring.looked_at.is_some()
                    && let Some(meters) = self.db.metrics().on()
                {
                    meters.key_changes.one();
                }
                self.open(keys, now)
            }
            Err(error) if ring.looked_at.is_none() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "the signing keys cannot be read; the keys in memory stay in use");
                ring.seen_again(now, &self.settings)
            }
        };
        let next = Arc::new(next);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        Ok(next)
    }

    fn open(&self, keys: Vec<SigningKey>, now: OffsetDateTime) -> Ring {
        let mut pairs = Vec::new();
        let mut closed = 0;
        for key in &keys {
            match self.unseal(key) {
                Some(pair) => pairs.push((key.kid.clone(), pair)),
                None => closed += 1,
            }
        }
        if closed > 0 {
            tracing::error!("{}", sealed_with_another_secret(closed));
        }
        let ring = Ring {
            looked_at: Some(now),
            until: removal(&keys, now),
            verifier: verifier(&self.settings, &keys),
            keys,
            pairs: pairs.into(),
        };
        tracing::debug!(keys = ring.keys.len(), "signing keys read");
        ring
    }

    pub(super) fn unseal(&self, key: &SigningKey) -> Option<KeyPair> {
        let algorithm = doorward_verify::Algorithm::parse(&key.algorithm)?;
        KeyPair::from_pkcs8(algorithm, &self.seals.unseal(&key.kid, &key.sealed)?)
    }
}

/// What is wrong and how to fix it, for logs and commands.
pub(super) fn sealed_with_another_secret(keys: usize) -> String {
    let (they, are) = if keys == 1 { ("One signing key", "is") } else { ("Signing keys", "are") };
    format!(
        "{they} in the database {are} encrypted with a secret other than BETTER_AUTH_SECRET: add that secret to \
            PREVIOUS_SECRETS, or create a new key with `doorward key rotate`."
    )
}

impl Ring {
    fn is_fresh(&self, now: OffsetDateTime, most: i64) -> bool {
        let most = time::Duration::seconds(most);
        self.until.is_none_or(|until| now < until)
            && self.looked_at.is_some_and(|at| (time::Duration::ZERO..most).contains(&(now - at)))
    }

    /// The same keys without those that have expired since.
    fn seen_again(&self, now: OffsetDateTime, settings: &Settings) -> Self {
        let keys: Vec<_> = self
            .keys
            .iter()
            .filter(|key| key.remove_at.is_none_or(|at| at > now))
            .cloned()
            .collect();
        let verifier = if keys.len() == self.keys.len() {
            self.verifier.clone()
        } else {
            verifier(settings, &keys)
        };
        Self {
            looked_at: Some(now),
            until: removal(&keys, now),
            keys,
            pairs: Arc::clone(&self.pairs),
            verifier,
        }
    }

    /// The pair that signs at `now` with this algorithm, and its id.
    pub(super) fn signer(&self, algorithm: &str, now: OffsetDateTime) -> Option<(&str, &KeyPair)> {
        let usable = self.keys.iter().filter(|key| key.algorithm == algorithm);
        let usable = usable.filter(|key| self.pairs.iter().any(|(kid, _)| *kid == key.kid));
        let key = signing_at(usable, now)?;
        let (kid, pair) = self.pairs.iter().find(|(kid, _)| *kid == key.kid)?;
        Some((kid, pair))
    }
}

/// When the next key becomes invalid.
fn removal(keys: &[SigningKey], now: OffsetDateTime) -> Option<OffsetDateTime> {
    keys.iter().filter_map(|key| key.remove_at).filter(|at| *at > now).min()
}

fn verifier(settings: &Settings, keys: &[SigningKey]) -> Verifier {
    let secrets = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
    // Short ones are rejected with the settings.
    let shared = KeySet::of_secrets(secrets.map(Secret::bytes)).unwrap_or_default();
    let published = keys.iter().filter_map(|key| {
        let jwk = serde_json::from_str(&key.public_jwk).ok()?;
        Key::from_jwk(&jwk).ok().filter(|read| read.kid() == key.kid)
    });
    let all = KeySet::new(shared.keys().iter().cloned().chain(published)).unwrap_or(shared);
    let audience = settings.token_audience.as_deref();
    Verifier::new(all, &settings.token_issuer, audience).typed(settings.token_type())
}
