//! Passwords as sent: never trimmed, truncated or changed in case, and NUL is an ordinary character. Nothing
//! over 1 KiB is ever hashed. `policy` decides which ones are allowed.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::policy::MAX_CHARS;
use crate::input::{Field, Refusal};

const MAX_BYTES: usize = 1024;

/// A password that is not too long to be hashed; never printed, wiped when dropped.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Wraps a password; `None` if it is too long.
    pub fn parse(text: String) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| Self(SecretString::from(text)))
    }

    /// The text, for hashing.
    pub fn into_secret(self) -> SecretString {
        self.0
    }

    /// The text, for the policy.
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

/// A new password in a body; not yet checked against the policy.
#[derive(Clone, Debug)]
pub struct NewPassword(pub Password);

impl Field for NewPassword {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        Password::from_json(value).map(Self)
    }

    /// `PASSWORD_MIN_LENGTH` replaces the 8 when the document is served.
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
