//! The cost of hashing so far, in units independent of the machine's speed.

use std::ops::{AddAssign, Sub};
use std::sync::{Mutex, PoisonError};

/// The cost of hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// The number of hashes.
    pub hashes: u64,
    /// The memory Argon2 writes, in KiB: memory × passes.
    pub argon2_kib: u64,
    /// bcrypt's rounds: 2 to the power of the cost.
    pub bcrypt_rounds: u64,
    /// The memory scrypt writes, in KiB: memory × p.
    pub scrypt_kib: u64,
    /// The output of PBKDF2 in bytes: rounds × the digest's length, which distinguishes the digests.
    pub pbkdf2_bytes: u64,
    /// The output of phpass and SHA-crypt in bytes: rounds × the digest's length.
    pub digest_bytes: u64,
}

impl Work {
    /// One hash; the unit of its kind is added.
    pub const ONE: Self = Self {
        hashes: 1,
        argon2_kib: 0,
        bcrypt_rounds: 0,
        scrypt_kib: 0,
        pbkdf2_bytes: 0,
        digest_bytes: 0,
    };

    fn with(self, other: Self, of_each: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            hashes: of_each(self.hashes, other.hashes),
            argon2_kib: of_each(self.argon2_kib, other.argon2_kib),
            bcrypt_rounds: of_each(self.bcrypt_rounds, other.bcrypt_rounds),
            scrypt_kib: of_each(self.scrypt_kib, other.scrypt_kib),
            pbkdf2_bytes: of_each(self.pbkdf2_bytes, other.pbkdf2_bytes),
            digest_bytes: of_each(self.digest_bytes, other.digest_bytes),
        }
    }
}

impl AddAssign for Work {
    fn add_assign(&mut self, more: Self) {
        *self = self.with(more, u64::wrapping_add);
    }
}

impl Sub for Work {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        self.with(before, u64::wrapping_sub)
    }
}

/// The total cost of a pool's hashes.
#[derive(Debug, Default)]
pub(super) struct WorkDone(Mutex<Work>);

impl WorkDone {
    /// Adds the cost of computing or verifying a hash.
    pub(super) fn add(&self, work: Work) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += work;
    }

    /// The total so far.
    pub(super) fn total(&self) -> Work {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
