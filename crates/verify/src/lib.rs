//! Verifies Doorward's access tokens, and other issuers': one algorithm per key, chosen by `kid` and
//! never by the token. Knows no database. The checks know no clock either: their caller says what time
//! it is; only the axum parts look at one.
#![cfg_attr(all(feature = "axum", feature = "http"), doc = include_str!("../README.md"))]

mod algorithm;
#[cfg(feature = "axum")]
mod axum_layer;
mod claims;
mod foreign;
#[cfg(feature = "http")]
mod http_client;
mod issuers;
mod jwk;
mod jws;
mod key;
mod key_set;
mod principal;
mod proven;
mod rejection;
mod remote;
mod verifier;

pub use algorithm::Algorithm;
#[cfg(feature = "axum")]
pub use axum_layer::{Auth, AuthLayer, Authenticated, Refused, Require, Requirement};
pub use claims::Claims;
pub use foreign::Expected;
#[cfg(feature = "http")]
pub use http_client::HttpFetch;
pub use issuers::{Issuer, Issuers};
pub use jws::{Header, Token};
pub use key::{Key, KeyError, key_id};
pub use key_set::KeySet;
pub use principal::Principal;
pub use rejection::Rejection;
pub use remote::{Fetch, Fetched, RemoteKeys};
pub use verifier::{Verifier, token_type};
