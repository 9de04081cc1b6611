//! The PostgreSQL engine against real servers, some of them broken on purpose: one round trip a call,
//! isolation on shared connections, deadlines, recovery, TLS and poolers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::items_after_statements, reason = "a statement stands where it is used")]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod data;
mod faults;
mod health;
mod idle;
mod poolers;
mod proxy;
mod refusals;
mod round_trips;
mod tls;
