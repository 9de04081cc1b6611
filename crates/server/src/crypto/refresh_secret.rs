//! The secret part of refresh tokens: a MAC whose key is derived (HKDF, RFC 5869) from a server secret and
//! the session's random salt. The database only has the salt, and verifiers that share the HS256 secret do
//! not, so neither can create refresh tokens. Secrets can be rotated: each has a public id.

use aws_lc_rs::hkdf::{self, HKDF_SHA256};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::config::Settings;

/// Identifies the secret of a token: four bytes that reveal nothing else.
pub(crate) type SecretId = [u8; 4];

const INFO: &[u8] = b"doorward refresh token v1";

/// The server's secrets, the current one first.
#[derive(Clone)]
pub struct RefreshSecrets {
    secrets: Vec<(SecretId, Zeroizing<Vec<u8>>)>,
}

impl std::fmt::Debug for RefreshSecrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "RefreshSecrets({})", self.secrets.len())
    }
}

impl RefreshSecrets {
    /// The secrets of these settings.
    pub fn new(settings: &Settings) -> Self {
        let all = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        let secrets = all
            .map(|secret| {
                let bytes = secret.bytes();
                (secret_id(bytes), Zeroizing::new(bytes.to_vec()))
            })
            .collect();
        Self { secrets }
    }

    /// The id of the current secret.
    pub(crate) fn current(&self) -> SecretId {
        self.secrets.first().map_or([0; 4], |(id, _)| *id)
    }

    /// The MAC of `message` for the session with this salt, with this secret; `None` if unknown.
    pub(crate) fn mac(&self, id: SecretId, salt: &[u8], message: &[u8]) -> Option<[u8; 32]> {
        let tag = hmac::sign(&self.key(id, salt)?, message);
        tag.as_ref().try_into().ok()
    }

    /// True if `mac` is the MAC of `message`; compared in constant time.
    pub(crate) fn verify(&self, id: SecretId, salt: &[u8], message: &[u8], mac: &[u8]) -> bool {
        self.key(id, salt).is_some_and(|key| hmac::verify(&key, message, mac).is_ok())
    }

    fn key(&self, id: SecretId, salt: &[u8]) -> Option<hmac::Key> {
        let (_, secret) = self.secrets.iter().find(|(known, _)| *known == id)?;
        let prk = hkdf::Salt::new(HKDF_SHA256, salt).extract(secret);
        let okm = prk.expand(&[INFO], hmac::HMAC_SHA256).ok()?;
        Some(okm.into())
    }
}

fn secret_id(secret: &[u8]) -> SecretId {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"doorward refresh id v1");
    let mut id = [0; 4];
    id.copy_from_slice(&tag.as_ref()[..4]);
    id
}
