//! A task as it is stored and as clients see it: one struct, whose order of fields is the order of the
//! JSON document.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::Priority;
use crate::db::{Columns, FromRow};
use crate::sql::Result;

/// One task of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Task {
    /// The task's id, a UUIDv7.
    pub id: Uuid,
    /// Its owner.
    pub user_id: Uuid,
    /// What to do.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// More about it.
    #[schema(required = true, max_length = 10_000)]
    pub description: Option<String>,
    /// True once done.
    pub completed: bool,
    /// When it was done; null while it is not.
    #[serde(serialize_with = "crate::timestamp::serialize_option")]
    #[schema(required = true)]
    pub completed_at: Option<OffsetDateTime>,
    /// How urgent it is.
    pub priority: Priority,
    /// When it is due, in UTC.
    #[serde(serialize_with = "crate::timestamp::serialize_option")]
    #[schema(required = true)]
    pub due_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(serialize_with = "crate::timestamp::serialize")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(serialize_with = "crate::timestamp::serialize")]
    pub updated_at: OffsetDateTime,
    /// Grows by one with each change; the `ETag`.
    #[serde(skip)]
    pub version: i64,
}

impl FromRow for Task {
    fn from_row(row: &Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            user_id: row.get(1)?,
            title: row.get(2)?,
            description: row.get(3)?,
            completed: row.get(4)?,
            completed_at: row.get(5)?,
            priority: row.get(6)?,
            due_at: row.get(7)?,
            created_at: row.get(8)?,
            updated_at: row.get(9)?,
            version: row.get(10)?,
        })
    }
}
