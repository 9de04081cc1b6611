//! bcrypt without its traps. Plain `$2b$` ends at NUL and at 72 bytes, so a new password that is longer
//! than 71 bytes or holds NUL becomes passlib's `$bcrypt-sha256$v=2`, and one with NUL never matches a
//! plain hash. The cost read from a stored hash is capped.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use bcrypt::HashParts;
use zeroize::Zeroizing;

use super::password_hash::HashError;

/// 2^16 rounds: about three seconds of one core.
const MAX_COST: u32 = 16;
const MAX_PLAIN: usize = 71;
const SALT: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);
const LONG: &str = "$bcrypt-sha256$";

/// Hashes with bcrypt, or bcrypt-sha256 where bcrypt alone would cut the password.
pub(super) fn hash(password: &[u8], cost: u32, salt: [u8; 16]) -> Result<String, HashError> {
    if cost > MAX_COST {
        return Err(HashError::Failed);
    }
    if fits(password) {
        let parts = bcrypt::hash_with_salt(password, cost, salt).map_err(|_| HashError::Failed)?;
        return Ok(parts.to_string());
    }
    let parts = bcrypt::hash_with_salt(digest(password, &SALT.encode(salt)).as_bytes(), cost, salt)
        .map_err(|_| HashError::Failed)?;
    let plain = parts.to_string();
    let (salt, sum) = plain[7..].split_at(22);
    Ok(format!("{LONG}v=2,t=2b,r={cost}${salt}${sum}"))
}

/// Verifies `$2a$ $2b$ $2x$ $2y$` and passlib's bcrypt-sha256, version 2.
pub(super) fn verify(password: &[u8], stored: &str) -> Result<bool, HashError> {
    if let Some(rest) = stored.strip_prefix(LONG) {
        let (cost, salt, sum) = parse_long(rest).ok_or(HashError::Unreadable)?;
        return check(digest(password, salt).as_bytes(), &format!("$2b${cost:02}${salt}{sum}"));
    }
    // The work is done either way, so that time tells nothing.
    Ok(check(password, stored)? && !password.contains(&0))
}

/// Rounds that verifying takes; `None` if it is unreadable.
pub(super) fn cost(stored: &str) -> Option<u64> {
    let plain = match stored.strip_prefix(LONG) {
        Some(rest) => {
            let (cost, salt, sum) = parse_long(rest)?;
            &format!("$2b${cost:02}${salt}{sum}")
        }
        None => stored,
    };
    Some(1 << parse(plain)?.get_cost())
}

/// What plain hashes of this cost begin with.
pub(super) fn prefix(cost: u32) -> String {
    format!("$2b${cost:02}$")
}

/// True unless it is today's form for this password at this cost.
pub(super) fn needs_upgrade(password: &[u8], stored: &str, cost: u32) -> bool {
    let prefix = if fits(password) { prefix(cost) } else { format!("{LONG}v=2,t=2b,r={cost}$") };
    !stored.starts_with(&prefix)
}

fn fits(password: &[u8]) -> bool {
    password.len() <= MAX_PLAIN && !password.contains(&0)
}

fn check(password: &[u8], stored: &str) -> Result<bool, HashError> {
    parse(stored).ok_or(HashError::Unreadable)?;
    bcrypt::verify(password, stored).map_err(|_| HashError::Unreadable)
}

/// None if it asks for too much work, too.
fn parse(stored: &str) -> Option<HashParts> {
    stored.parse().ok().filter(|parts: &HashParts| parts.get_cost() <= MAX_COST)
}

/// passlib: standard base64 of HMAC-SHA-256 keyed with the salt's text.
fn digest(password: &[u8], salt: &str) -> Zeroizing<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    Zeroizing::new(STANDARD.encode(hmac::sign(&key, password)))
}

/// Reads `v=2,t=2b,r=12$salt$sum`.
fn parse_long(rest: &str) -> Option<(u32, &str, &str)> {
    let (costs, rest) = rest.split_once('$')?;
    let (salt, sum) = rest.split_once('$')?;
    let cost = costs.strip_prefix("v=2,t=2b,r=")?.parse().ok()?;
    (salt.len() == 22 && sum.len() == 31).then_some((cost, salt, sum))
}
