//! Administration of users.

mod audit;
mod ban;
mod create;
mod create_service;
mod delete;
mod invite;
mod list;
mod show;
mod update;
