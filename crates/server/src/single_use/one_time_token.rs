//! The token in a link: 256 random bits after a prefix that scanners for leaked secrets recognize. It is
//! hashed with its purpose before it is stored or looked up, and never printed.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use zeroize::Zeroizing;

use super::Purpose;
use crate::crypto::Random;
use crate::input::{Field, Refusal};

const PREFIX: &str = "dwo_";

/// A single-use token; never printed, wiped when dropped.
#[derive(Clone, Debug)]
pub struct OneTimeToken(SecretString);

impl OneTimeToken {
    /// A new token.
    pub(super) fn new(random: &Random) -> Self {
        let bytes = Zeroizing::new(random.bytes::<32>());
        Self(SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
    }

    /// The text, for a mail.
    pub fn into_secret(self) -> SecretString {
        self.0
    }

    /// The text, for the link.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The digest that is stored and looked up for this purpose. An invalid token has one too, which no row
    /// has.
    pub(crate) fn digest(&self, purpose: Purpose) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        context.update(b"doorward single use v1\0");
        context.update(purpose.as_str().as_bytes());
        context.update(b"\0");
        context.update(self.expose().as_bytes());
        context.finish().as_ref().to_vec()
    }
}

/// Whether the text looks like one.
pub(crate) fn is_one_time_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

impl Field for OneTimeToken {
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
    fn a_token_has_256_random_bits_and_another_digest_for_each_purpose() {
        let random = Random::seeded(1);
        let (one, other) = (OneTimeToken::new(&random), OneTimeToken::new(&random));
        assert_eq!(one.expose().len(), PREFIX.len() + 43);
        let mut digests: Vec<_> =
            Purpose::ALL.iter().flat_map(|it| [one.digest(*it), other.digest(*it)]).collect();
        let count = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), count);
    }

    #[test]
    fn a_token_is_not_printed() {
        let token = OneTimeToken::new(&Random::seeded(1));
        assert!(!format!("{token:?}").contains(&token.expose()[PREFIX.len()..]));
    }
}
