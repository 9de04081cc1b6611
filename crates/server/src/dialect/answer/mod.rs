//! Answers in a dialect.

mod scan;
mod show;

pub(super) use show::{PageOf, show};
