//! phpass's portable hashes, as written by WordPress and phpBB: repeated MD5. The rounds of a stored hash are
//! limited.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::encoded::{CRYPT_LETTERS, crypt_letters};
use crate::passwords::hashing::stored_hash::Flaw;

/// 2^20 rounds; WordPress used 2^13.
const MAX_LOG_ROUNDS: usize = 20;

pub(in crate::passwords::hashing) struct PhpassHash {
    rounds: u32,
    salt: [u8; 8],
    sum: [u8; 22],
}

impl PhpassHash {
    /// Parses what follows `$P$` or `$H$`: a letter for the rounds, the salt and the sum.
    pub(in crate::passwords::hashing) fn parse(rest: &str) -> Result<Self, Flaw> {
        Self::read(rest).ok_or(Flaw::Malformed)?
    }

    fn read(rest: &str) -> Option<Result<Self, Flaw>> {
        let (cost, rest) = rest.as_bytes().split_first()?;
        let (salt, sum) = rest.split_first_chunk()?;
        let sum = sum.try_into().ok()?;
        let log_rounds = CRYPT_LETTERS.iter().position(|letter| letter == cost)?;
        if !(7..=30).contains(&log_rounds) {
            return None;
        }
        let hash = Self { rounds: 1 << log_rounds, salt: *salt, sum };
        Some(Flaw::unless_affordable(log_rounds <= MAX_LOG_ROUNDS).map(|()| hash))
    }

    pub(in crate::passwords::hashing) fn verify(&self, password: &[u8]) -> bool {
        let mut sum = Md5::new().chain_update(self.salt).chain_update(password).finalize();
        for _ in 0..self.rounds {
            sum = Md5::new().chain_update(sum).chain_update(password).finalize();
        }
        crypt_letters(&sum).as_slice().ct_eq(&self.sum).into()
    }

    /// Its work in bytes: the digest of each round.
    pub(in crate::passwords::hashing) fn bytes(&self) -> u64 {
        u64::from(self.rounds) * 16
    }
}
