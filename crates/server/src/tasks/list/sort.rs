//! The orders of a list. Each is total, because the id breaks ties, so that pages neither repeat nor skip
//! tasks.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use uuid::Uuid;

use super::cursor::{SortKey, TaskCursor};
use crate::input::{EARLIEST, LATEST, Parameter, Refusal};
use crate::tasks::fields::{Priority, TITLE_BYTES};

/// A column to sort by, in the order of the store's statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tasks) enum Column {
    #[default]
    CreatedAt,
    UpdatedAt,
    DueAt,
    Title,
    Priority,
}

/// A column and a direction; oldest first by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tasks) struct Sort {
    pub(in crate::tasks) column: Column,
    pub(in crate::tasks) descending: bool,
}

impl Parameter for Sort {
    fn from_text(text: String) -> Result<Self, Refusal> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        let column = match name {
            "created_at" => Column::CreatedAt,
            "updated_at" => Column::UpdatedAt,
            "due_at" => Column::DueAt,
            "title" => Column::Title,
            "priority" => Column::Priority,
            _ => {
                let names = "must be one of created_at, updated_at, due_at, title, priority, prefixed with - \
                    for descending order";
                return Err((names.into(), "enum"));
            }
        };
        Ok(Self { column, descending })
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^-?(created_at|updated_at|due_at|title|priority)$"))
            .into()
    }
}

impl Sort {
    /// The position before all tasks, for the first page.
    pub(in crate::tasks) fn start(self) -> TaskCursor {
        let id = if self.descending { Uuid::max() } else { Uuid::nil() };
        let key = match (self.column, self.descending) {
            (Column::CreatedAt | Column::UpdatedAt | Column::DueAt, false) => {
                SortKey::Instant(EARLIEST)
            }
            (Column::CreatedAt | Column::UpdatedAt | Column::DueAt, true) => {
                SortKey::Instant(LATEST)
            }
            (Column::Title, false) => SortKey::Text(String::new()),
            // No title contains a greater letter, or more of them.
            (Column::Title, true) => SortKey::Text("\u{10ffff}".repeat(TITLE_BYTES / 4)),
            (Column::Priority, false) => SortKey::Number(0),
            (Column::Priority, true) => SortKey::Number(Priority::HIGHEST),
        };
        TaskCursor { key, id }
    }

    /// One byte that identifies the order, for cursors.
    pub(in crate::tasks) fn code(self) -> u8 {
        self.column as u8 * 2 + u8::from(self.descending)
    }
}
