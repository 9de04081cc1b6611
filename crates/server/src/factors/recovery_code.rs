//! Recovery codes, for users who have lost their other factors. Eighty random bits cannot be guessed, even
//! with the table of digests; an ordinary hash is sufficient, and rotating the server's secret does not
//! invalidate them.

use aws_lc_rs::digest::{Context, SHA256};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use uuid::Uuid;

use crate::crypto::Random;
use crate::input::{Field, Refusal};

/// Crockford's alphabet: no letters that look like digits.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 16;
/// Longer texts are rejected.
const MAX_BYTES: usize = 64;

/// A recovery code without its hyphens; never printed, wiped when dropped.
#[derive(Clone, Debug)]
pub(crate) struct RecoveryCode(SecretString);

impl RecoveryCode {
    /// A new one.
    pub(super) fn new(random: &Random) -> Self {
        let bytes = random.bytes::<LENGTH>();
        let text: String = bytes.iter().map(|it| LETTERS[usize::from(it % 32)] as char).collect();
        Self(SecretString::from(text))
    }

    /// For display: four groups of four.
    pub(super) fn shown(&self) -> String {
        let text = self.0.expose_secret().as_bytes();
        let groups = text.chunks(4).map(|group| String::from_utf8_lossy(group).into_owned());
        groups.collect::<Vec<_>>().join("-")
    }

    /// The digest that is stored and looked up for this user.
    pub(super) fn digest(&self, user: Uuid) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        context.update(b"doorward recovery code v1\0");
        context.update(user.as_bytes());
        context.update(self.0.expose_secret().as_bytes());
        context.finish().as_ref().to_vec()
    }
}

impl Field for RecoveryCode {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        let code: String = text
            .chars()
            .take(MAX_BYTES)
            .filter(|letter| !matches!(letter, ' ' | '-'))
            .map(|letter| match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let known = code.bytes().all(|letter| LETTERS.contains(&letter));
        if known && code.len() == LENGTH {
            Ok(Self(SecretString::from(code)))
        } else {
            Err((
                "must be sixteen letters and digits, such as 0a1b-2c3d-4e5f-6g7h".into(),
                "value_error",
            ))
        }
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_BYTES)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_people_write_it_and_nothing_else_is_one() {
        let code = RecoveryCode::new(&Random::seeded(1));
        let (shown, user) = (code.shown(), Uuid::from_u128(1));
        assert_eq!((shown.len(), shown.matches('-').count()), (19, 3));
        for text in [
            shown.clone(),
            shown.to_uppercase(),
            shown.replace('-', " "),
            shown.replace('-', ""),
            shown.replace('0', "O").replace('1', "l"),
        ] {
            let read = RecoveryCode::from_json(text.clone().into()).unwrap();
            assert_eq!(read.digest(user), code.digest(user), "{text}");
        }
        assert_ne!(code.digest(user), code.digest(Uuid::from_u128(2)), "of this user alone");
        for text in ["", "0a1b-2c3d-4e5f-6g7", "0a1b-2c3d-4e5f-6g7hj", "0a1b-2c3d-4e5f-6g7u", "ä"]
        {
            assert!(RecoveryCode::from_json(text.into()).is_err(), "{text}");
        }
        assert!(!format!("{code:?}").contains(&shown[..4]));
    }
}
