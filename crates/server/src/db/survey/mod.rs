//! What a database is like to work with, step by step and read-only: for whoever wonders why it is slow, or
//! why it cannot be reached. Nothing here serves requests.

pub mod postgres;
pub mod sqlite;
