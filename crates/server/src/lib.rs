//! Doorward: the authentication backend people run beside their app. `ARCHITECTURE.md` is the map.

pub mod accounts;
pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod error;
pub mod http;
pub mod identities;
pub mod keys;
pub mod openapi;
pub mod passwords;
pub mod permission;
pub mod recent;
pub mod roles;
pub mod sessions;
pub mod tasks;
pub mod timestamp;
pub mod users;
