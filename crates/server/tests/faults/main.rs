//! Faults that no code sees coming: the real binary is killed with SIGKILL in the middle of its work.
#![allow(clippy::expect_used, reason = "a test may fail")]

#[path = "../support/mod.rs"]
mod support;

mod killed;
mod refresh;
