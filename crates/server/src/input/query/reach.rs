//! Options of a list beside its pages: rows to skip, and the total number of rows.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::{Parameter, query};
use crate::input::Refusal;

query! {
    /// Options beside the pages.
    #[derive(Default, Copy)]
    pub struct Reach {
        /// Number of entries to skip; not with `cursor`
        pub offset: Option<Offset>,
        /// Whether to send the total number of matching entries in `X-Total-Count`
        pub total: bool,
    }
}

impl Reach {
    /// Rows to skip.
    pub fn skipped(self) -> i64 {
        self.offset.map_or(0, |Offset(offset)| offset)
    }
}

/// Rows to skip. The database reads them anyway, so the number is limited; cursors have no limit.
#[derive(Clone, Copy, Debug)]
pub struct Offset(i64);

const MOST_SKIPPED: i64 = 10_000;

impl Parameter for Offset {
    fn from_text(text: String) -> Result<Self, Refusal> {
        let offset = text.parse().ok();
        offset.filter(|offset| (0..=MOST_SKIPPED).contains(offset)).map(Self).ok_or_else(|| {
            let why =
                format!("must be a number from 0 to {MOST_SKIPPED}; use a cursor to go further");
            (why, "int_parsing")
        })
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(MOST_SKIPPED))
            .into()
    }
}
