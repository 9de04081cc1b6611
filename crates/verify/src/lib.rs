//! Verifies access tokens of Doorward and of other issuers: one algorithm per key, selected by `kid` and
//! never by the token. Needs no database. The checks use no clock: callers pass the time; only [`Auth`] reads
//! one.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(all(feature = "axum", feature = "http"), doc = "", doc = include_str!("../README.md"))]

mod auth;
#[cfg(feature = "http")]
mod http;
mod issuer;
mod principal;
mod refusal;
mod token;
#[cfg(feature = "axum")]
mod web;

pub use auth::Auth;
#[cfg(feature = "http")]
pub use http::{
    AddressError, Credential, Granting, HttpFetch, Introspection, NoToken, ServiceAccount,
};
pub use issuer::{Fetch, Fetched, Issuer, Issuers, NotFetched, RemoteKeys};
pub use principal::Principal;
pub use refusal::Refusal;
pub use token::{
    Algorithm, Claims, Expected, Header, Key, KeyError, KeySet, Rejection, Token, Verifier,
    encoded_header, key_id, token_type,
};
#[cfg(feature = "axum")]
pub use web::{
    AuthLayer, AuthLevel, Authenticated, Refused, Require, RequireAcr, RequireFresh, Requirement,
    TwoFactors, With,
};
