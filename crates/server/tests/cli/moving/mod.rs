//! Moving in and out: `doorward import` and `doorward export`.

pub(crate) mod import;
mod import_dumps;
mod import_links;
pub(crate) mod import_profiles;
mod import_sessions;
mod import_sessions_refused;
