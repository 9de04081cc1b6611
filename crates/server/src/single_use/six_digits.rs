//! The code in a mail: six digits, with five guesses allowed. So few digits could be recovered from an
//! unkeyed hash; so the hash is keyed with the server's secret.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::crypto::Random;
use crate::input::{Field, Refusal};

const DIGITS: usize = 6;

/// Six digits; never printed, wiped when dropped.
#[derive(Clone, Debug)]
pub struct SixDigits(SecretString);

impl SixDigits {
    /// New ones.
    pub(super) fn new(random: &Random) -> Self {
        // Of 2^64 values, the bias towards the first digits is less than one in 10^13.
        let number = u64::from_le_bytes(random.bytes::<8>()) % 1_000_000;
        Self(SecretString::from(format!("{number:06}")))
    }

    /// The text, for a mail.
    pub fn into_secret(self) -> SecretString {
        self.0
    }

    /// The text, for the mail.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Field for SixDigits {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        // As copied from a mail.
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).take(32).collect();
        if digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(SecretString::from(digits)))
        } else {
            Err(("must be six digits".into(), "value_error"))
        }
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]{6}$")).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_people_copy_it_and_nothing_else_is_one() {
        let parse = |text: &str| SixDigits::from_json(text.into());
        assert_eq!(parse("012 345").unwrap().expose(), "012345");
        assert_eq!(parse("012-345").unwrap().expose(), "012345");
        for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert_eq!(SixDigits::new(&Random::seeded(1)).expose().len(), DIGITS);
    }
}
