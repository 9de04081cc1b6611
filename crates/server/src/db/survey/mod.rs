//! Examines a database step by step, read-only, to find out why it is slow or unreachable. Not used by
//! requests.

pub mod postgres;
pub mod sqlite;
