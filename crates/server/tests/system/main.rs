//! Whole parts of the system against what is real: sockets, PostgreSQL servers and poolers, two
//! processes over one database, and kills. One binary, because each links apart: `--test system http`
//! runs one of its folders.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![allow(clippy::items_after_statements, reason = "a statement stands where it is used")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod faults;
mod heavy_user;
mod http;
mod mail;
mod postgres;
mod replicas;
mod shadow;
