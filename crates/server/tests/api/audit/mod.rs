//! The audit log.

mod append_only;
mod list;
mod prune;
mod records;
