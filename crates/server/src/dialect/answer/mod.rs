//! Responses in a dialect.

mod retold;
mod scan;
mod show;

pub(super) use retold::shown;
pub(super) use show::PageOf;

use show::show;
