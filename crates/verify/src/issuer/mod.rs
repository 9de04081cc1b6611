//! Issuers: whose tokens count, by which keys, and how keys behind an address are kept fresh.

pub(crate) mod known_keys;
pub(crate) mod one;
mod remote;
mod several;

pub use one::Issuer;
pub use remote::{Fetch, Fetched, NotFetched, RemoteKeys};
pub use several::Issuers;
