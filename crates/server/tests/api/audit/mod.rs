//! The audit log.

mod append_only;
mod folded;
mod prune;
mod records;
mod signing_in;
