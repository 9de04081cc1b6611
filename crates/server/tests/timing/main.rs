//! What must hold of time itself. cargo runs one test binary after the other, so nothing of ours
//! runs beside these; inside the binary they take turns. A busy machine may still get in between:
//! times are compared with times taken in the same moment, never with the clock on the wall.
#![allow(clippy::expect_used, reason = "a test may fail")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod api_keys;
mod asking;
mod enumeration;
mod flood;

/// Held by the test whose turn it is.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
