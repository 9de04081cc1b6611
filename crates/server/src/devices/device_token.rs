//! The token of a trusted device: 256 random bits after a prefix that scanners for leaked secrets recognize.
//! It is hashed with the user's id before it is stored or looked up, and never printed.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::crypto::Random;
use crate::input::{Field, Refusal};

const PREFIX: &str = "dwd_";

/// The token of a trusted device; wiped when dropped.
#[derive(Clone, Debug)]
pub(crate) struct DeviceToken(SecretString);

impl DeviceToken {
    /// A new one.
    pub(super) fn new(random: &Random) -> Self {
        let bytes = Zeroizing::new(random.bytes::<32>());
        Self(SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
    }

    /// The text, for the response.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The digest that is stored and looked up for this user. An invalid token has one too, which no row has.
    pub(super) fn digest(&self, user: Uuid) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        context.update(b"doorward trusted device v1\0");
        context.update(user.as_bytes());
        context.update(self.expose().as_bytes());
        context.finish().as_ref().to_vec()
    }
}

impl Field for DeviceToken {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        SecretString::from_json(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        SecretString::schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_random_bits_another_digest_for_each_user_and_is_not_printed() {
        let random = Random::seeded(1);
        let (one, other) = (DeviceToken::new(&random), DeviceToken::new(&random));
        assert_eq!(one.expose().len(), PREFIX.len() + 43);
        let (ada, eve) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_ne!(one.digest(ada), other.digest(ada));
        assert_ne!(one.digest(ada), one.digest(eve));
        assert!(!format!("{one:?}").contains(&one.expose()[PREFIX.len()..]));
    }
}
