//! Doorward: the authentication backend people run beside their app. `ARCHITECTURE.md` is the map.

pub mod accept;
pub mod accounts;
pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod error;
pub mod gate;
pub mod http;
pub mod identities;
pub mod input;
pub mod keys;
pub mod limiter;
pub mod openapi;
pub mod passwords;
pub mod recent;
pub mod roles;
pub mod schema;
pub mod sessions;
pub mod sql;
pub mod tasks;
pub mod timestamp;
pub mod users;
