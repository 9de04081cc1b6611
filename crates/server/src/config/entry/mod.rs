//! Every setting once: its names, its default, its words for people, and how its text is read.

pub(in crate::config) mod entries;
pub(in crate::config) mod masked;
pub(crate) mod parse;
mod section;
pub(in crate::config) mod table;
pub(in crate::config) mod word;
