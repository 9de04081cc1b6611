//! SHA-256-crypt and SHA-512-crypt, as stored by passlib and Linux. The rounds of a stored hash are limited;
//! each processes the whole password.

use sha_crypt::Params;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoded::{crypt_letters, number};
use crate::passwords::hashing::hash_kind::HashKind;
use crate::passwords::hashing::stored_hash::Flaw;

/// passlib uses 656 000.
const MAX_ROUNDS: u32 = 1_000_000;
/// If a hash does not specify the rounds.
const DEFAULT_ROUNDS: u32 = 5_000;
const MAX_SALT: usize = 16;

pub(in crate::passwords::hashing) struct ShaCryptHash {
    is_512: bool,
    rounds: u32,
    params: Params,
    /// The salt is used as text.
    salt: String,
    sum: String,
}

impl ShaCryptHash {
    /// Parses what follows `$5$` or `$6$`: `rounds=535000$salt$sum` or `salt$sum`.
    pub(in crate::passwords::hashing) fn parse(kind: HashKind, rest: &str) -> Result<Self, Flaw> {
        let is_512 = kind == HashKind::Sha512Crypt;
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            Some(rest) => {
                rest.split_once('$').and_then(|(count, rest)| Some((number(count)?, rest)))
            }
            None => Some((DEFAULT_ROUNDS, rest)),
        }
        .ok_or(Flaw::Malformed)?;
        let (salt, sum) = rest.split_once('$').ok_or(Flaw::Malformed)?;
        let params = Params::new(rounds).map_err(|_| Flaw::Malformed)?;
        if salt.len() > MAX_SALT || sum.len() != if is_512 { 86 } else { 43 } {
            return Err(Flaw::Malformed);
        }
        Flaw::unless_affordable(rounds <= MAX_ROUNDS)?;
        Ok(Self { is_512, rounds, params, salt: salt.into(), sum: sum.into() })
    }

    pub(in crate::passwords::hashing) fn verify(&self, password: &[u8]) -> bool {
        let salt = self.salt.as_bytes();
        let bytes = Zeroizing::new(if self.is_512 {
            arranged(&sha_crypt::sha512_crypt(password, salt, self.params), 21, |[a, b, c]| {
                [b, c, a]
            })
        } else {
            arranged(&sha_crypt::sha256_crypt(password, salt, self.params), 10, |[a, b, c]| {
                [c, a, b]
            })
        });
        crypt_letters(&bytes).as_slice().ct_eq(self.sum.as_bytes()).into()
    }

    /// Its work in bytes: the digest of each round.
    pub(in crate::passwords::hashing) fn bytes(&self) -> u64 {
        u64::from(self.rounds) * if self.is_512 { 64 } else { 32 }
    }
}

/// The bytes in output order: three at a time from three thirds, which rotate each time; the remainder comes
/// last.
fn arranged(sum: &[u8], third: usize, turn: impl Fn([usize; 3]) -> [usize; 3]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(sum.len());
    let mut at = [0, third, 2 * third];
    for _ in 0..third {
        bytes.extend(at.iter().rev().map(|at| sum[*at]));
        at = turn(at.map(|at| at + 1));
    }
    bytes.extend(&sum[3 * third..]);
    bytes
}
