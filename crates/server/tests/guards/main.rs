//! Guards: what must stay true of the code and its documents, whatever changes.
#![allow(clippy::expect_used, reason = "a test may fail")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod architecture;
mod conditions;
mod contract;
mod documents;
mod metrics;
mod mirror;
mod names;
mod statements;
mod typescript;
