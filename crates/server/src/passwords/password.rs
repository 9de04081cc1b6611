//! Password as it was sent: never trimmed, cut or changed in case, and NUL is a character like any
//! other. Nothing over 1 KiB ever reaches a hash. What may become one is `policy`'s business.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::policy::MAX_CHARS;
use crate::input::{Field, Refusal};

const MAX_BYTES: usize = 1024;

/// A password that is not too long to hash; never printed, wiped when dropped.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Wraps a password; `None` if it is too long to be one.
    pub fn parse(text: String) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| Self(SecretString::from(text)))
    }

    /// The text, for hashing.
    pub fn into_secret(self) -> SecretString {
        self.0
    }

    /// The text, to be judged.
    pub(super) fn text(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Field for Password {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        Self::parse(text)
            .ok_or_else(|| (format!("must have at most {MAX_CHARS} characters"), "string_too_long"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

/// A password that shall become an account's, as a body gives it; the policy has yet to judge it.
#[derive(Clone, Debug)]
pub struct NewPassword(pub Password);

impl Field for NewPassword {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        Password::from_json(value).map(Self)
    }

    /// `PASSWORD_MIN_LENGTH` takes the place of 8 where the document is served.
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(8))
            .max_length(Some(MAX_CHARS))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::Password;

    #[test]
    fn what_is_too_long_to_hash_is_no_password() {
        assert!(Password::parse("a".repeat(1024)).is_some());
        assert!(Password::parse("a".repeat(1025)).is_none());
        assert!(Password::parse("é".repeat(513)).is_none());
    }
}
