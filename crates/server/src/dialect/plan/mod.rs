//! Dialects as written, and the tables they are compiled to.

pub(super) mod builtin;
mod compile;
pub(super) mod shapes;
pub(super) mod spec;
pub(super) mod tables;
pub(super) mod template;

pub(super) use compile::Compiler;
pub(crate) use compile::kinds;
