//! The fields of a task: as stored and shown (one struct, whose fields are both the columns of statements
//! and, in the same order, the JSON document), as created, and as changed.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::{Description, DueAt, Priority, Title};
use super::owner::OwnerId;
use super::tags::Tags;
use crate::http::json_row;
use crate::input::{Given, body};
use crate::metadata::MetadataObject;
use crate::row;

row! {
    /// One task of one user.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    pub struct Task {
        /// The task's id, a UUIDv7.
        pub id: Uuid,
        /// Its owner.
        #[schema(value_type = String)]
        pub user_id: OwnerId,
        /// The title.
        #[schema(min_length = 1, max_length = 200)]
        pub title: String,
        /// A longer description.
        #[schema(required = true, max_length = 10_000)]
        pub description: Option<String>,
        /// Whether it is completed.
        pub completed: bool,
        /// When it was completed; null if it is not.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true)]
        pub completed_at: Option<OffsetDateTime>,
        /// The priority.
        pub priority: Priority,
        /// When it is due, in UTC.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true)]
        pub due_at: Option<OffsetDateTime>,
        /// Tags to find it by.
        #[schema(value_type = Vec<String>, max_items = 20)]
        pub tags: Tags,
        /// Your app's own fields.
        #[schema(value_type = Object)]
        pub metadata: MetadataObject,
        /// When it was created.
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

json_row!(Task {
    id, user_id [shared], title, description, completed, completed_at, priority, due_at, tags, metadata,
    created_at, updated_at
} skip { version });

body! {
    /// A new task.
    pub struct NewTask {
        /// The title; stored trimmed.
        pub title: Title,
        /// A longer description.
        pub description: Option<Description>,
        /// Whether the task is completed.
        pub completed: bool = false,
        /// The priority.
        pub priority: Priority = Priority::None,
        /// An RFC 3339 date and time, years 0001 to 9999. Without an offset it is UTC; a date alone means its
        /// first instant in UTC.
        pub due_at: Option<DueAt>,
        /// Tags to find it by, trimmed and without duplicates.
        pub tags: Option<Tags>,
        /// Your app's own fields, at most 16 KiB of JSON.
        pub metadata: Option<MetadataObject>,
    }
}

impl NewTask {
    /// The task to store.
    pub(super) fn into_task(self, id: Uuid, owner: Uuid, now: OffsetDateTime) -> Task {
        Task {
            id,
            user_id: OwnerId::Here(owner),
            title: self.title.0,
            description: self.description.map(|description| description.0),
            completed: self.completed,
            completed_at: self.completed.then_some(now),
            priority: self.priority,
            due_at: self.due_at.map(|due_at| due_at.0),
            tags: self.tags.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

body! {
    /// The changes; absent fields keep their values.
    pub struct Changes as "TaskChanges" {
        /// The title.
        pub title: Option<Title> = None,
        /// A longer description; null clears it.
        pub description: Given<Description>,
        /// Whether it is completed.
        pub completed: Option<bool> = None,
        /// The priority.
        pub priority: Option<Priority> = None,
        /// An RFC 3339 date and time, years 0001 to 9999. Without an offset it is UTC; a date alone means its
        /// first instant in UTC. Null clears it.
        pub due_at: Given<DueAt>,
        /// The new tags; null clears them.
        pub tags: Given<Tags>,
        /// Changes to your app's own fields, as a merge patch: absent names keep their values, null removes a
        /// name. Null instead of an object removes all.
        pub metadata: Given<MetadataObject>,
    }
}

impl Changes {
    /// Whether nothing changes.
    pub(super) fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.description == Given::Absent
            && self.completed.is_none()
            && self.priority.is_none()
            && self.due_at == Given::Absent
            && self.tags == Given::Absent
            && self.metadata == Given::Absent
    }
}
