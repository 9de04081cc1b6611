//! What hashing has cost so far, in units that no machine's speed changes.

use std::sync::atomic::{AtomicU64, Ordering};

use super::password_hash;

/// The cost of hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Work {
    /// How many they are.
    pub hashes: u64,
    /// What Argon2 writes, in KiB: memory × passes.
    pub argon2_kib: u64,
    /// bcrypt's rounds: 2 to the power of the cost.
    pub bcrypt_rounds: u64,
}

/// The cost of all hashes of a pool.
#[derive(Debug, Default)]
pub(super) struct WorkDone {
    hashes: AtomicU64,
    argon2_kib: AtomicU64,
    bcrypt_rounds: AtomicU64,
}

impl WorkDone {
    /// Adds the cost of making or verifying this hash; nothing if it is unreadable.
    pub(super) fn add(&self, hash: &str) {
        if let Some(Work { hashes, argon2_kib, bcrypt_rounds }) = password_hash::cost(hash) {
            self.hashes.fetch_add(hashes, Ordering::Relaxed);
            self.argon2_kib.fetch_add(argon2_kib, Ordering::Relaxed);
            self.bcrypt_rounds.fetch_add(bcrypt_rounds, Ordering::Relaxed);
        }
    }

    /// So far.
    pub(super) fn total(&self) -> Work {
        Work {
            hashes: self.hashes.load(Ordering::Relaxed),
            argon2_kib: self.argon2_kib.load(Ordering::Relaxed),
            bcrypt_rounds: self.bcrypt_rounds.load(Ordering::Relaxed),
        }
    }
}
