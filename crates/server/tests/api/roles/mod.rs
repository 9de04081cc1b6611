//! Roles: what they allow, who may give them, and that an admin always remains.

mod beyond_own;
mod create;
mod delete;
mod enforcement;
pub(crate) use enforcement::admin_operations;
mod grant;
mod last_admin;
mod list;
mod revoke;
mod update;
