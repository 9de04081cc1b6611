//! Hashing: the kinds of password hashes, and the bounded threads that compute them.

mod argon2_hash;
mod bcrypt_hash;
mod encoded;
mod hash_kind;
mod password_hash;
mod pbkdf2_hash;
mod phpass_hash;
mod pool;
mod ready_hash;
mod scrypt_hash;
mod sha_crypt_hash;
mod stand_in;
mod stored_hash;
mod work;

pub use hash_kind::HashKind;
pub use pool::{HashingPool, Verdict};
pub use ready_hash::ReadyHash;
pub(crate) use stand_in::StandIn;
pub use stored_hash::{HashRefusal, recognise};
pub use work::Work;
