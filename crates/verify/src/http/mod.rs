//! Network access: the HTTPS client, introspection (RFC 7662), and the credential for it.

pub(crate) mod client;
pub(crate) mod credential;
mod introspection;

pub use client::{AddressError, HttpFetch};
pub use credential::{Credential, Granting, NoToken, ServiceAccount};
pub use introspection::Introspection;
