//! Roles: what they allow, who may give them, and that an admin always remains.

mod enforcement;
pub(crate) use enforcement::admin_operations;
mod grants;
mod last_admin;
mod manage;
