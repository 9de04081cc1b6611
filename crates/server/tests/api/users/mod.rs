//! Administration of users.

mod ban;
mod create;
mod delete;
mod list;
mod update;
