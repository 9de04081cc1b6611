//! Randomness, password hashing on bounded threads of its own, the secret part of refresh tokens, key
//! pairs, and the seal under which they are stored.

mod argon2_hash;
mod bcrypt_hash;
mod hashing_pool;
mod key_pair;
mod password_hash;
mod random;
mod refresh_secret;
mod seal;

pub use hashing_pool::{HashingPool, Verdict};
pub use key_pair::KeyPair;
pub use random::Random;
pub use refresh_secret::RefreshSecrets;
pub(crate) use refresh_secret::SecretId;
pub use seal::Seals;
