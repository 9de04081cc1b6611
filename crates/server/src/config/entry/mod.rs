//! The settings: names, defaults, descriptions, and parsers.

pub(in crate::config) mod entries;
pub(in crate::config) mod masked;
pub(crate) mod parse;
mod section;
pub(in crate::config) mod table;
pub(in crate::config) mod word;
