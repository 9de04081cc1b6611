//! The sources of settings: defaults, `doorward.toml`, `.env`, the environment and the flags.

mod dotenv;
pub(in crate::config) mod gather;
pub(in crate::config) mod text_file;

pub use gather::{Gathered, Sources, gather};
