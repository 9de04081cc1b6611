//! A cache of verified tokens, by hash, until they expire: verifying a public-key signature costs as much as
//! the rest of a request, and clients send a token many times. Bounded; only verified tokens get in, so it
//! cannot be filled without valid signatures.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};

/// About 40 bytes each.
const MOST: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct Proven {
    until: Mutex<HashMap<[u8; 32], i64>>,
}

impl Proven {
    pub(crate) fn has(&self, token: &str, now: i64) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(&hash(token)).is_some_and(|exp| *exp > now)
    }

    pub(crate) fn put(&self, token: &str, exp: i64, now: i64) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= MOST {
            until.retain(|_, exp| *exp > now);
        }
        if until.len() >= MOST {
            until.clear();
        }
        until.insert(hash(token), exp);
    }
}

/// The digest by which a token is cached.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::{MOST, Proven};

    #[test]
    fn a_proven_token_is_known_until_it_expires_and_the_table_stays_bounded() {
        let proven = Proven::default();
        assert!(!proven.has("a", 0));
        proven.put("a", 10, 0);
        assert!(proven.has("a", 9) && !proven.has("a", 10) && !proven.has("b", 9));
        for number in 0..MOST + 10 {
            proven.put(&number.to_string(), 100, 20);
        }
        assert!(proven.until.lock().unwrap().len() <= MOST);
        assert!(proven.has(&(MOST + 9).to_string(), 20));
    }
}
