//! The command line as people meet it: the real binary in an empty folder with an empty environment.
#![allow(clippy::expect_used, reason = "a failed expectation is a failed test")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod administration;
mod audit;
mod commands;
mod configuration;
mod db;
mod db_faults;
mod db_fitness;
mod db_offline;
mod db_roles;
mod db_verify;
mod dev;
mod documents;
mod import;
mod import_profiles;
mod issuers;
mod logs;
mod password_hashes;
mod postgres;
mod program;
mod schema;
mod secrets;
mod serve;
mod sessions;
mod token;
mod words;
