//! Trusted issuers, their keys, and how remote keys are kept fresh.

pub(crate) mod known_keys;
pub(crate) mod one;
mod remote;
mod several;

pub use one::Issuer;
pub use remote::{Fetch, Fetched, NotFetched, RemoteKeys};
pub use several::Issuers;
