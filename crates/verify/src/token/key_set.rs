//! A set of keys, found by `kid` alone. A published set (RFC 7517 §5) may contain other kinds of keys, which
//! are skipped. Two keys with the same `kid` make the whole set unusable, because it is unclear which one is
//! meant.

use serde_json::Value;

use crate::{Key, KeyError};

/// More than any issuer needs; lookup is linear.
const MOST: usize = 64;

/// Keys with distinct ids.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// A set of these keys.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, KeyError> {
        let mut set = Self::default();
        for key in keys {
            if set.find(key.kid()).is_some() {
                return Err(KeyError::DuplicateKid);
            }
            set.keys.push(key);
        }
        Ok(set)
    }

    /// The HS256 keys of these secrets, `&str`, `String` or bytes; duplicates are ignored. One line end after
    /// a secret is ignored. Rejects secrets shorter than 32 bytes, and an empty list.
    pub fn of_secrets<S: AsRef<[u8]>>(
        secrets: impl IntoIterator<Item = S>,
    ) -> Result<Self, KeyError> {
        let mut set = Self::default();
        for secret in secrets {
            let key = Key::shared_secret(secret)?;
            if set.find(key.kid()).is_none() {
                set.keys.push(key);
            }
        }
        if set.keys.is_empty() { Err(KeyError::Empty) } else { Ok(set) }
    }

    /// The usable keys of a published set. Keys without `kid`, of other kinds, or for other uses are skipped;
    /// a private key or a duplicate `kid` makes the set invalid.
    pub fn from_jwks(json: &[u8]) -> Result<Self, KeyError> {
        let document: Value = serde_json::from_slice(json).map_err(|_| KeyError::Malformed)?;
        let listed = document.get("keys").and_then(Value::as_array).ok_or(KeyError::Malformed)?;
        if listed.len() > MOST {
            return Err(KeyError::Malformed);
        }
        let mut kids: Vec<&str> = listed.iter().filter_map(|jwk| jwk["kid"].as_str()).collect();
        kids.sort_unstable();
        if kids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(KeyError::DuplicateKid);
        }
        let mut set = Self::default();
        for jwk in listed {
            match Key::from_jwk(jwk) {
                Ok(key) => set.keys.push(key),
                Err(KeyError::Private) => return Err(KeyError::Private),
                Err(_) => {}
            }
        }
        Ok(set)
    }

    /// All keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key with this id.
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid() == kid)
    }
}
