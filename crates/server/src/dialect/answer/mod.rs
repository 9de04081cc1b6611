//! Responses in a dialect.

mod members;
mod retold;
mod rows;
mod scan;
mod show;

pub(super) use retold::shown;
pub(super) use rows::DialectRows;
pub(super) use show::PageOf;
