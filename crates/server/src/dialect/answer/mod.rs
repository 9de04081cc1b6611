//! Responses in a dialect.

mod members;
mod retold;
mod scan;
mod show;

pub(super) use members::DialectRows;
pub(super) use retold::shown;
pub(super) use show::PageOf;
