//! Hashing: the kinds of password hashes, and the bounded threads that compute them.

mod argon2_hash;
mod bcrypt_hash;
mod password_hash;
mod pool;

pub use pool::{HashingPool, Verdict};
