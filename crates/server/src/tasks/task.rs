//! A task as it is stored and as clients see it: one struct, whose fields are the columns that statements
//! read and, in the same order, the JSON document.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::Priority;
use crate::row;

row! {
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
}
