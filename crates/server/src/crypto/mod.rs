//! Randomness, the secret part of refresh tokens, key pairs, encryption of stored data, and verification of
//! TLS servers' certificates.

mod certificate;
mod key_pair;
mod question;
mod random;
mod refresh_secret;
mod seal;
mod server_verifier;

pub use certificate::Certificate;
pub use key_pair::KeyPair;
pub use question::Questions;
pub use random::Random;
pub use refresh_secret::RefreshSecrets;
pub(crate) use refresh_secret::SecretId;
pub use seal::Seals;
pub(crate) use server_verifier::{CertificatePolicy, PresentedCertificate, ServerVerifier};
