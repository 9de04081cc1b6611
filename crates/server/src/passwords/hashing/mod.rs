//! Hashing: the kinds of password hashes, and the bounded threads that compute them.

mod argon2_hash;
mod bcrypt_hash;
mod password_hash;
mod pool;
mod stand_in;
mod work;

pub(crate) use password_hash::can_verify;
pub use pool::{HashingPool, Verdict};
pub(crate) use stand_in::StandIn;
pub use work::Work;
