//! bcrypt without its pitfalls. Plain bcrypt stops at NUL and at 72 bytes, so a new password that is longer
//! than 71 bytes or contains NUL uses passlib's `$bcrypt-sha256$v=2`. A plain hash of another program is
//! verified with the first 72 bytes, as it was created, and never matches a password with NUL. The cost of
//! stored hashes is limited.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoded::{BCRYPT_LETTERS, bcrypt_base64, fields, number};
use crate::passwords::hashing::hash_kind::HashKind;
use crate::passwords::hashing::password_hash::HashError;
use crate::passwords::hashing::stored_hash::Flaw;

/// 2^16 rounds: about three seconds on one core.
const MAX_COST: u32 = 16;
const MAX_PLAIN: usize = 71;
/// How much of a key bcrypt uses.
const KEY: usize = 72;

/// Hashes with bcrypt, or with bcrypt-sha256 if bcrypt would truncate the password.
pub(in crate::passwords::hashing) fn hash(
    password: &[u8],
    cost: u32,
    salt: [u8; 16],
) -> Result<String, HashError> {
    if cost > MAX_COST {
        return Err(HashError::Failed);
    }
    let text = BCRYPT_LETTERS.encode(salt);
    let sum = |key: &[u8]| {
        let made = bcrypt::hash_with_salt(key, cost, salt).map_err(|_| HashError::Failed)?;
        Ok(made.to_string().split_off(29))
    };
    if fits(password) {
        return Ok(format!("{}{text}{}", prefix(cost), sum(password)?));
    }
    let sum = sum(hmac_text(password, &text).as_bytes())?;
    Ok(format!("{}{text}${sum}", long_prefix(cost)))
}

/// The prefix of plain hashes with this cost.
pub(in crate::passwords::hashing) fn prefix(cost: u32) -> String {
    format!("$2b${cost:02}$")
}

fn long_prefix(cost: u32) -> String {
    format!("$bcrypt-sha256$v=2,t=2b,r={cost}$")
}

/// True unless it has the current format for this password and this cost.
pub(in crate::passwords::hashing) fn needs_upgrade(
    password: &[u8],
    stored: &str,
    cost: u32,
) -> bool {
    let prefix = if fits(password) { prefix(cost) } else { long_prefix(cost) };
    !stored.starts_with(&prefix)
}

fn fits(password: &[u8]) -> bool {
    password.len() <= MAX_PLAIN && !password.contains(&0)
}

pub(in crate::passwords::hashing) struct BcryptHash {
    cost: u32,
    salt: [u8; 16],
    sum: [u8; 23],
    reading: Reading,
}

/// What bcrypt gets of a password.
enum Reading {
    /// Its first 72 bytes.
    Plain,
    /// The same, as `$2x$` read it: a byte over 127 sets the bits before it.
    SignExtended,
    /// Base64 of its SHA-256: passlib, version 1.
    Base64,
    /// Hex of its SHA-256: Django.
    Hex,
    /// Base64 of its HMAC-SHA-256, keyed with the salt's text: passlib, version 2.
    Hmac(String),
}

impl BcryptHash {
    /// Parses what follows `$2`, or passlib's prefix.
    pub(in crate::passwords::hashing) fn parse(kind: HashKind, rest: &str) -> Result<Self, Flaw> {
        let read = if kind == HashKind::PasslibBcryptSha256 {
            Self::passlib(rest)
        } else {
            Self::plain(rest, kind == HashKind::DjangoBcryptSha256)
        };
        let hash = read.filter(|hash| (4..=31).contains(&hash.cost)).ok_or(Flaw::Malformed)?;
        Flaw::unless_affordable(hash.cost <= MAX_COST)?;
        Ok(hash)
    }

    /// `b$12$` and 53 letters.
    fn plain(rest: &str, is_hex: bool) -> Option<Self> {
        let [version, cost, letters] = fields(rest)?;
        let reading = match version {
            "a" | "b" | "y" if is_hex => Reading::Hex,
            "a" | "b" | "y" => Reading::Plain,
            "x" if !is_hex => Reading::SignExtended,
            _ => return None,
        };
        let cost = number(cost).filter(|_| cost.len() == 2)?;
        let (salt, sum) = letters.split_at_checked(22)?;
        Some(Self { cost, salt: bcrypt_base64(salt)?, sum: bcrypt_base64(sum)?, reading })
    }

    /// `2a,12$salt$sum` or `v=2,t=2b,r=12$salt$sum`
    fn passlib(rest: &str) -> Option<Self> {
        let [costs, salt, sum] = fields(rest)?;
        let first = |cost| (cost, Reading::Base64);
        let (cost, reading) = None
            .or_else(|| costs.strip_prefix("2a,").map(first))
            .or_else(|| costs.strip_prefix("2b,").map(first))
            .or_else(|| {
                let cost = costs.strip_prefix("v=2,t=2")?.strip_prefix(['a', 'b'])?;
                Some((cost.strip_prefix(",r=")?, Reading::Hmac(salt.into())))
            })?;
        let cost = number(cost)?;
        Some(Self { cost, salt: bcrypt_base64(salt)?, sum: bcrypt_base64(sum)?, reading })
    }

    pub(in crate::passwords::hashing) fn verify(&self, password: &[u8]) -> bool {
        let sum = bcrypt::bcrypt(self.cost, self.salt, &self.key(password));
        let is_plain = matches!(self.reading, Reading::Plain | Reading::SignExtended);
        // The work is done in any case, so that timing discloses nothing.
        bool::from(sum[..23].ct_eq(&self.sum)) && !(is_plain && password.contains(&0))
    }

    /// Ends with NUL, unless it is truncated before.
    fn key(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let sha256 = || digest::digest(&digest::SHA256, password);
        let mut key = Zeroizing::new(Vec::with_capacity(KEY + 1));
        match &self.reading {
            Reading::Plain | Reading::SignExtended => key.extend(password.iter().take(KEY)),
            Reading::Base64 => key.extend(STANDARD.encode(sha256()).bytes()),
            Reading::Hex => {
                for byte in sha256().as_ref() {
                    key.extend(format!("{byte:02x}").bytes());
                }
            }
            Reading::Hmac(salt) => key.extend(hmac_text(password, salt).bytes()),
        }
        key.push(0);
        key.truncate(KEY);
        if matches!(self.reading, Reading::SignExtended) { sign_extended(&key) } else { key }
    }

    pub(in crate::passwords::hashing) fn rounds(&self) -> u64 {
        1 << self.cost
    }
}

/// The 18 words that Blowfish takes from a key, as computed by `crypt_blowfish` before 1.1.
fn sign_extended(key: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut letters = key.iter().cycle();
    let mut word = || {
        let four = letters.by_ref().take(4);
        four.fold(0_u32, |word, byte| word << 8 | i32::from(byte.cast_signed()).cast_unsigned())
    };
    Zeroizing::new((0..KEY / 4).flat_map(|_| word().to_be_bytes()).collect())
}

/// passlib: standard base64 of HMAC-SHA-256 keyed with the salt's text.
fn hmac_text(password: &[u8], salt: &str) -> Zeroizing<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    Zeroizing::new(STANDARD.encode(hmac::sign(&key, password)))
}
