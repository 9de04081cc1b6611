//! Administration of users.

mod audit;
mod ban;
mod create;
mod delete;
mod list;
mod show;
mod update;
