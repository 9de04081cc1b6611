//! `doorward import` and `doorward export`.

pub(super) mod export;
pub(super) mod import;
mod shown;
