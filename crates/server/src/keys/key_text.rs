//! The text of an API key: `dwk_`, the owner's id and 128 random bits, each as 22 base-62 digits, and a
//! 6-digit checksum, by which scanners for leaked secrets recognize it and typos are rejected without a
//! database query. Its id is a digest of the whole text, so the stored data does not grant access.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

use crate::crypto::Random;
use crate::error::Error;

/// The prefix of every key.
pub const KEY_PREFIX: &str = "dwk_";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of 128 bits.
const LONG: usize = 22;
/// Digits of 32 bits.
const SHORT: usize = 6;

/// The contents of an API key, not verified until the database has that id for that user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedKey {
    /// The key's id.
    pub id: Uuid,
    /// Its owner.
    pub owner: Uuid,
}

impl PresentedKey {
    /// A new key for this user, and its text, which is shown once.
    pub fn mint(random: &Random, owner: Uuid) -> (Self, String) {
        let secret = u128::from_be_bytes(random.bytes());
        let mut text = String::from(KEY_PREFIX);
        put(&mut text, owner.as_u128(), LONG);
        put(&mut text, secret, LONG);
        let sum = checksum(&text);
        put(&mut text, sum.into(), SHORT);
        (Self { id: id_of(&text), owner }, text)
    }

    /// Parses a bearer token; `None` if it lacks the prefix.
    pub fn of(token: &str) -> Option<Result<Self, Error>> {
        let rest = token.strip_prefix(KEY_PREFIX)?;
        let read = || {
            let body = token.len().checked_sub(SHORT)?;
            let is_whole = rest.len() == 2 * LONG + SHORT && rest.is_ascii();
            let (owner, sum) = is_whole.then(|| (&rest[..LONG], &token[body..]))?;
            number(&rest[LONG..2 * LONG])?;
            let sum = u32::try_from(number(sum)?).ok()?;
            let owner = Uuid::from_u128(number(owner)?);
            (sum == checksum(&token[..body])).then(|| Self { id: id_of(token), owner })
        };
        Some(read().ok_or(Error::InvalidToken(
            "The API key was mistyped, truncated or altered: its checksum does not match.",
        )))
    }
}

/// The first bits of a SHA-256 digest as a UUID of version 8 (RFC 9562 §5.8).
fn id_of(text: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn checksum(text: &str) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&digest(&SHA256, format!("checksum {text}").as_bytes()).as_ref()[..4]);
    u32::from_be_bytes(bytes)
}

fn put(text: &mut String, mut number: u128, digits: usize) {
    let start = text.len();
    for _ in 0..digits {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        text.insert(start, char::from(DIGITS[digit]));
        number /= 62;
    }
}

fn number(digits: &str) -> Option<u128> {
    digits.bytes().try_fold(0_u128, |sum, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        sum.checked_mul(62)?.checked_add(value.into())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_54_characters_that_scanners_know() {
        let owner = Uuid::from_u128(7);
        let (key, text) = PresentedKey::mint(&Random::seeded(1), owner);
        assert_eq!((text.len(), key.owner, key.id.get_version_num()), (54, owner, 8));
        assert!(text.starts_with("dwk_0000000000000000000007"), "{text}");
        assert!(text[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        assert!(!text.contains(&key.id.simple().to_string()));
    }

    proptest! {
        #[test]
        fn every_key_is_read_back_and_no_altered_one(
            owner: u128,
            seed: u64,
            place in 0_usize..54,
            other in "[0-9A-Za-z_]",
        ) {
            let (key, text) = PresentedKey::mint(&Random::seeded(seed), Uuid::from_u128(owner));
            prop_assert_eq!(PresentedKey::of(&text).unwrap().unwrap(), key);
            let mut altered = text.clone();
            altered.replace_range(place..=place, &other);
            let taken = PresentedKey::of(&altered).is_some_and(|read| read.is_ok());
            prop_assert_eq!(taken, altered == text, "{}", altered);
            let cut = PresentedKey::of(&text[..place.max(4)]);
            prop_assert!(cut.unwrap().is_err());
            let longer = PresentedKey::of(&format!("{text}{other}"));
            prop_assert!(longer.unwrap().is_err());
        }
    }

    #[test]
    fn other_tokens_are_not_keys_and_numbers_past_128_bits_are_refused() {
        for token in ["", "dwk", "dwr_x", "eyJhbGciOiJIUzI1NiJ9.e30.x", "DWK_0"] {
            assert!(PresentedKey::of(token).is_none(), "{token}");
        }
        let body = format!("dwk_{}", "z".repeat(44));
        let mut text = body.clone();
        put(&mut text, checksum(&body).into(), SHORT);
        assert!(PresentedKey::of(&text).unwrap().is_err());
        assert!(PresentedKey::of("dwk_é").unwrap().is_err());
    }
}
