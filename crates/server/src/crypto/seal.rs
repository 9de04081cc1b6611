//! Encrypts what the database must not be able to read: AES-256-GCM under a key derived (HKDF, RFC 5869) from
//! a server secret, bound to a name so that one row cannot replace another. Previous secrets still decrypt.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use zeroize::Zeroizing;

use super::Random;
use crate::config::Settings;

const VERSION: u8 = 1;
const SALT: &[u8] = b"doorward seal v1";
const SIGNING_KEYS: &[u8] = b"signing keys";
const FACTORS: &[u8] = b"second factors";
const MAIL: &[u8] = b"mail";
const CEREMONIES: &[u8] = b"passkey ceremonies";

/// Encrypts and decrypts with the server's secrets, the current one first.
pub struct Seals {
    keys: Vec<LessSafeKey>,
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Seals({})", self.keys.len())
    }
}

impl Seals {
    /// For signing keys, with these settings.
    pub fn new(settings: &Settings) -> Self {
        Self::of(settings, SIGNING_KEYS)
    }

    /// For unsent mails.
    pub fn for_mail(settings: &Settings) -> Self {
        Self::of(settings, MAIL)
    }

    /// For passkey ceremonies, which clients keep.
    pub fn for_ceremonies(settings: &Settings) -> Self {
        Self::of(settings, CEREMONIES)
    }

    /// For second factors.
    pub fn for_factors(settings: &Settings) -> Self {
        Self::of(settings, FACTORS)
    }

    /// Whether it was encrypted with the current secret.
    pub fn is_current(&self, name: &str, sealed: &[u8]) -> bool {
        self.keys.first().is_some_and(|key| unsealed_by(key, name, sealed).is_some())
    }

    fn of(settings: &Settings, purpose: &[u8]) -> Self {
        let all = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        Self { keys: all.filter_map(|secret| key(secret.bytes(), purpose)).collect() }
    }

    /// Encrypts with the current secret for this name; `None` only if the cipher fails.
    pub fn seal(&self, name: &str, bytes: &[u8], random: &Random) -> Option<Vec<u8>> {
        let nonce = random.bytes::<NONCE_LEN>();
        let mut sealed = bytes.to_vec();
        let bound = Aad::from(name.as_bytes());
        let unique = Nonce::assume_unique_for_key(nonce);
        self.keys.first()?.seal_in_place_append_tag(unique, bound, &mut sealed).ok()?;
        Some([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts for this name; `None` if none of the secrets fits.
    pub fn unseal(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.keys.iter().find_map(|key| unsealed_by(key, name, sealed))
    }
}

fn unsealed_by(key: &LessSafeKey, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (version, rest) = sealed.split_first()?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_LEN).filter(|_| *version == VERSION)?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length = key.open_in_place(nonce, Aad::from(name.as_bytes()), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

fn key(secret: &[u8], purpose: &[u8]) -> Option<LessSafeKey> {
    let prk = hkdf::Salt::new(HKDF_SHA256, SALT).extract(secret);
    let key: UnboundKey = prk.expand(&[purpose], &AES_256_GCM).ok()?.into();
    Some(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{DatabaseUrl, Secret};

    fn seals(secrets: &[&str]) -> Seals {
        let database = DatabaseUrl::Sqlite("a.db".into());
        let mut settings = Settings::new(database, Secret::new(secrets[0]));
        settings.previous_secrets = secrets[1..].iter().copied().map(Secret::new).collect();
        Seals::new(&settings)
    }

    #[test]
    fn a_seal_opens_for_its_own_name_and_secret_only() {
        let random = Random::seeded(1);
        let sealed = seals(&["one"]).seal("a", b"private", &random).unwrap();
        let opened = |secrets: &[&str], name: &str, sealed: &[u8]| {
            seals(secrets).unseal(name, sealed).map(|bytes| bytes.to_vec())
        };
        assert_eq!(opened(&["one"], "a", &sealed).as_deref(), Some(b"private".as_slice()));
        assert!(opened(&["two", "one"], "a", &sealed).is_some());
        assert!(opened(&["two"], "a", &sealed).is_none());
        assert!(opened(&["one"], "b", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(opened(&["one"], "a", &changed).is_none(), "{place}");
            assert!(opened(&["one"], "a", &sealed[..place]).is_none(), "{place}");
        }
        assert_ne!(sealed, seals(&["one"]).seal("a", b"private", &random).unwrap());
        assert!(!sealed.windows(7).any(|part| part == b"private"));
    }
}
