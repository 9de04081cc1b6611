//! The audit log.

mod append_only;
mod prune;
mod records;
