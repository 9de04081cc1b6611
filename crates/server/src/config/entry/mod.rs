//! Every setting once: its names, its default, its words for people, and how its text is read.

mod abuse;
mod accounts;
mod dialects;
pub(in crate::config) mod entries;
mod issuers;
mod mail;
pub(in crate::config) mod masked;
pub(crate) mod parse;
pub(in crate::config) mod table;
mod tasks;
mod tokens;
pub(in crate::config) mod word;
