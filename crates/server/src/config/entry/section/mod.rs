//! The settings, by section.

pub(in crate::config) mod abuse;
pub(in crate::config) mod accounts;
pub(in crate::config) mod database;
pub(in crate::config) mod dialects;
pub(in crate::config) mod factors;
pub(in crate::config) mod issuers;
pub(in crate::config) mod mail;
pub(in crate::config) mod metrics;
pub(in crate::config) mod passkeys;
pub(in crate::config) mod tasks;
pub(in crate::config) mod tokens;
