//! Creates, rotates and retires key pairs, for `doorward key`. A new key waits until verifiers have it; an
//! old one verifies until the last token it signed has expired, and is deleted by the next of these commands.
//! The audit log keeps its id.

use doorward_verify::Algorithm;
use time::OffsetDateTime;

use super::Keys;
use super::key_ring::sealed_with_another_secret;
use super::signing_key::{LAG, LEAD, SigningKey, Stage, signing_at};
use super::store;
use crate::audit::{Actor, Audit, Event, Record};
use crate::crypto::{KeyPair, Random};
use crate::error::Error;

/// Why a key cannot be retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRetired {
    /// There is no such key, or it no longer verifies anything.
    Unknown,
    /// Tokens are signed with its algorithm and there is no other key.
    Needed,
}

/// The use cases of key pairs, and what they need.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    pub(crate) keys: Keys,
    pub(crate) audit: Audit,
    pub(crate) random: Random,
}

impl SigningKeys {
    /// All keys, oldest first, with their stage and whether it is the signing key for its algorithm.
    pub async fn list(&self) -> Result<Vec<(SigningKey, Stage, bool)>, Error> {
        let now = self.keys.clock().now();
        let all = store::list(&self.keys.ring().db).await?;
        let signer = |algorithm: Algorithm| {
            let same = all.iter().filter(|key| key.algorithm == algorithm.name());
            signing_at(same, now).map(|key| key.kid.clone())
        };
        let signers = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256].map(signer);
        Ok(all
            .into_iter()
            .map(|key| {
                let signs = signers.iter().flatten().any(|kid| *kid == key.kid);
                let stage = key.stage(now);
                (key, stage, signs)
            })
            .collect())
    }

    /// Creates an additional key.
    pub async fn create(&self, by: &Actor, algorithm: Algorithm) -> Result<SigningKey, Error> {
        let key = self.generate(algorithm)?;
        let record = Record::by(by, Event::KeyCreate).detail(format!("{algorithm} {}", key.kid));
        let steps = vec![store::delete_removed(key.created_at), store::insert(&key)];
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(key)
    }

    /// Creates a key that replaces the others of its algorithm once verifiers have it.
    pub async fn rotate(&self, by: &Actor, algorithm: Algorithm) -> Result<SigningKey, Error> {
        let key = self.generate(algorithm)?;
        let steps = vec![
            store::delete_removed(key.created_at),
            store::insert(&key),
            store::revoke_others(&key, key.active_at, self.last_use(key.active_at)),
        ];
        let record = Record::by(by, Event::KeyRotate).detail(format!("{algorithm} {}", key.kid));
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(key)
    }

    /// Stops signing with a key; it verifies until its last token has expired, or not at all.
    pub async fn retire(
        &self,
        by: &Actor,
        kid: &str,
        at_once: bool,
    ) -> Result<Result<OffsetDateTime, NotRetired>, Error> {
        let now = self.keys.clock().now();
        let listed = self.list().await?;
        let Some((key, _, _)) =
            listed.iter().find(|(key, stage, _)| key.kid == kid && *stage != Stage::Removed)
        else {
            return Ok(Err(NotRetired::Unknown));
        };
        let needed = self.keys.ring().settings.token_algorithm.name() == key.algorithm;
        let others = listed.iter().any(|(other, stage, _)| {
            other.kid != kid
                && other.algorithm == key.algorithm
                && other.retired_at.is_none()
                && matches!(stage, Stage::Active | Stage::Waiting)
        });
        if needed && !others {
            return Ok(Err(NotRetired::Needed));
        }
        let last = if at_once { now } else { self.last_use(now) };
        let last = key.remove_at.map_or(last, |planned| planned.min(last));
        let record = Record::by(by, Event::KeyRetire).detail(kid.to_owned());
        let retired_at = key.retired_at.map_or(now, |at| at.min(now));
        let steps = vec![store::delete_removed(now), store::revoke(kid, retired_at, last)];
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(Ok(last))
    }

    /// Whether tokens can be signed, before they are needed: the sentence that says why not.
    pub async fn trouble(&self) -> Result<Option<String>, Error> {
        let algorithm = self.keys.ring().settings.token_algorithm;
        if algorithm.is_symmetric() {
            return Ok(None);
        }
        let now = self.keys.clock().now();
        let keys = store::list_published(&self.keys.ring().db, now).await?;
        let ours = || keys.iter().filter(|key| key.algorithm == algorithm.name());
        if signing_at(ours(), now).is_none() {
            return Ok(Some(format!(
                "TOKEN_ALGORITHM is {algorithm}, but there is no key of that algorithm: create one with \
                    `doorward key create --algorithm {algorithm}`."
            )));
        }
        let open = ours().filter(|key| self.keys.ring().unseal(key).is_some());
        if signing_at(open, now).is_none() {
            return Ok(Some(sealed_with_another_secret(ours().count())));
        }
        Ok(None)
    }

    /// Whether the private key can be decrypted with the current secrets.
    pub fn opens(&self, key: &SigningKey) -> bool {
        self.keys.ring().unseal(key).is_some()
    }

    fn generate(&self, algorithm: Algorithm) -> Result<SigningKey, Error> {
        let failed = || Error::Internal("no key pair could be generated".into());
        let private = KeyPair::generate(algorithm).ok_or_else(failed)?;
        let pair = KeyPair::from_pkcs8(algorithm, &private).ok_or_else(failed)?;
        let jwk = pair.public_jwk().ok_or_else(failed)?;
        let kid = jwk["kid"].as_str().ok_or_else(failed)?.to_owned();
        let seals = &self.keys.ring().seals;
        let sealed = seals.seal(&kid, &private, &self.random).ok_or_else(failed)?;
        let now = self.keys.clock().now();
        Ok(SigningKey {
            kid,
            algorithm: algorithm.name().into(),
            public_jwk: jwk.to_string(),
            sealed,
            created_at: now,
            active_at: now + LEAD,
            retired_at: None,
            remove_at: None,
        })
    }

    /// When the last token signed until `retired_at` has expired.
    fn last_use(&self, retired_at: OffsetDateTime) -> OffsetDateTime {
        retired_at + LAG + self.keys.ring().settings.access_token_ttl
    }
}
