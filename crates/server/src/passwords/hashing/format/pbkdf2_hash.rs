//! PBKDF2 (RFC 8018 §5.2) as stored by passlib, Django and Werkzeug, with SHA-1, SHA-256 or SHA-512. The
//! rounds of a stored hash are limited.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{
    self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512,
};

use super::encoded::{base64, fields, from_hex, number, passlib_base64};
use crate::passwords::hashing::hash_kind::HashKind;
use crate::passwords::hashing::stored_hash::Flaw;

/// Django 5.2 uses a million.
const MAX_ROUNDS: u32 = 5_000_000;
const MAX_SALT: usize = 128;

pub(in crate::passwords::hashing) struct Pbkdf2Hash {
    algorithm: Algorithm,
    rounds: NonZeroU32,
    salt: Vec<u8>,
    /// As long as the digest: a longer one would cost the rounds for each part.
    sum: Vec<u8>,
}

impl Pbkdf2Hash {
    /// Parses what follows `$pbkdf2`, `pbkdf2_` or `pbkdf2:`.
    pub(in crate::passwords::hashing) fn parse(kind: HashKind, rest: &str) -> Result<Self, Flaw> {
        let (name, rounds, salt, sum) = parts(kind, rest).ok_or(Flaw::Malformed)?;
        let (algorithm, length) = match name {
            "sha1" => (PBKDF2_HMAC_SHA1, 20),
            "sha256" => (PBKDF2_HMAC_SHA256, 32),
            "sha512" => (PBKDF2_HMAC_SHA512, 64),
            _ => return Err(Flaw::Malformed),
        };
        let rounds = number(rounds).and_then(NonZeroU32::new).ok_or(Flaw::Malformed)?;
        if sum.len() != length || salt.len() > MAX_SALT {
            return Err(Flaw::Malformed);
        }
        Flaw::unless_affordable(rounds.get() <= MAX_ROUNDS)?;
        Ok(Self { algorithm, rounds, salt, sum })
    }

    pub(in crate::passwords::hashing) fn verify(&self, password: &[u8]) -> bool {
        pbkdf2::verify(self.algorithm, self.rounds, &self.salt, password, &self.sum).is_ok()
    }

    /// Its work in bytes: the digest of each round.
    pub(in crate::passwords::hashing) fn bytes(&self) -> u64 {
        u64::from(self.rounds.get()) * self.sum.len() as u64
    }
}

/// The digest's name, the rounds, the salt and the sum.
fn parts(kind: HashKind, rest: &str) -> Option<(&str, &str, Vec<u8>, Vec<u8>)> {
    if kind == HashKind::WerkzeugPbkdf2 {
        let [costs, salt, sum] = fields(rest)?;
        let (name, rounds) = costs.split_once(':')?;
        return Some((name, rounds, salt.into(), from_hex(sum)?));
    }
    let [name, rounds, salt, sum] = fields(rest)?;
    if kind == HashKind::DjangoPbkdf2 {
        return Some((name, rounds, salt.into(), base64(sum)?));
    }
    let name = if name.is_empty() { "sha1" } else { name.strip_prefix('-')? };
    Some((name, rounds, passlib_base64(salt)?, passlib_base64(sum)?))
}
