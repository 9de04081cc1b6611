//! The HTTP contract, through the real router, on both engines.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may fail")]

#[path = "../support/mod.rs"]
mod support;

mod abuse;
mod accounts;
mod api_keys;
mod audit;
mod bad_input;
mod codes;
mod devices;
mod dialects;
mod emails;
mod envelope;
mod factors;
mod health;
mod identities;
mod keys;
mod mail;
mod metrics;
mod pages;
mod passkeys;
mod passwords;
mod roles;
mod sessions;
mod single_use;
mod tasks;
mod users;
