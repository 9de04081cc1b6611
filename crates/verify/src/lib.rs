//! Verifies Doorward's access tokens, and other issuers': one algorithm per key, chosen by `kid` and
//! never by the token. Knows no database. The checks know no clock either: their caller says what time
//! it is; only [`Auth`] looks at one.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(feature = "axum", feature = "http"), doc = "", doc = include_str!("../README.md"))]

mod algorithm;
mod auth;
#[cfg(feature = "axum")]
mod axum_extract;
#[cfg(feature = "axum")]
mod axum_layer;
mod claims;
#[cfg(feature = "http")]
mod credential;
mod foreign;
#[cfg(feature = "http")]
mod http_client;
#[cfg(feature = "http")]
mod introspection;
mod issuer;
mod issuers;
mod jwk;
mod jws;
mod key;
mod key_set;
mod known_keys;
mod principal;
mod proven;
mod refusal;
mod rejection;
mod remote;
mod verifier;

pub use algorithm::Algorithm;
pub use auth::Auth;
#[cfg(feature = "axum")]
pub use axum_extract::{Require, Requirement, With};
#[cfg(feature = "axum")]
pub use axum_layer::{AuthLayer, Authenticated, Refused};
pub use claims::Claims;
#[cfg(feature = "http")]
pub use credential::{Credential, Granting, NoToken, ServiceAccount};
pub use foreign::Expected;
#[cfg(feature = "http")]
pub use http_client::{AddressError, HttpFetch};
#[cfg(feature = "http")]
pub use introspection::Introspection;
pub use issuer::Issuer;
pub use issuers::Issuers;
pub use jws::{Header, Token};
pub use key::{Key, KeyError, encoded_header, key_id};
pub use key_set::KeySet;
pub use principal::Principal;
pub use refusal::Refusal;
pub use rejection::Rejection;
pub use remote::{Fetch, Fetched, NotFetched, RemoteKeys};
pub use verifier::{Verifier, token_type};
