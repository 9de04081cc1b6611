//! Randomness, the secret part of refresh tokens, key pairs, and the seal under which they are stored.

mod certificate;
mod key_pair;
mod question;
mod random;
mod refresh_secret;
mod seal;

pub use certificate::Certificate;
pub use key_pair::KeyPair;
pub use question::Questions;
pub use random::Random;
pub use refresh_secret::RefreshSecrets;
pub(crate) use refresh_secret::SecretId;
pub use seal::Seals;
