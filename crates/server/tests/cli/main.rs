//! The command line as people meet it: the real binary in an empty folder with an empty environment.
#![allow(clippy::expect_used, reason = "a failed expectation is a failed test")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod administration;
mod commands;
mod configuration;
mod db;
mod dialects;
mod doctor;
mod documents;
mod mail;
mod moving;
mod password_hashes;
mod program;
mod secrets;
mod serve;
mod token;
mod words;
