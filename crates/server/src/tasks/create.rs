//! `POST` a task. What may be written is title, description, completed, priority and due date; owner,
//! id and times are the server's, whatever the body says.

use axum::extract::State;
use axum::response::IntoResponse;
use utoipa::ToSchema;

use super::fields::{Description, DueAt, Priority, Title};
use super::owner::Owner;
use super::task::Task;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Created, ETag, JsonBody};
use crate::input::{Fields, Given};

/// A task to be made.
#[derive(Clone, Debug, ToSchema)]
pub struct NewTask {
    /// What to do; stored without spaces at its ends.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub title: Title,
    /// More about it.
    #[schema(value_type = Option<String>, max_length = 10_000)]
    pub description: Option<Description>,
    /// True for a task that is done already.
    #[schema(default = false, required = false)]
    pub completed: bool,
    /// How urgent it is.
    #[schema(default = "none", required = false)]
    pub priority: Priority,
    /// RFC 3339, any offset, years 0001 to 9999.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<DueAt>,
}

/// Make a task
#[utoipa::path(
    post,
    path = "",
    operation_id = "tasks.create",
    tag = "tasks",
    security(("bearer" = [])),
    request_body = NewTask,
    responses(
        (status = 201, description = "The task was made", body = Task, headers(
            ("Location" = String, description = "The new task's path"),
            ("ETag" = String, description = "The task's version, quoted"),
        )),
    )
)]
pub(super) async fn create(
    State(tasks): State<Tasks>,
    owner: Owner,
    JsonBody(fields): JsonBody<256>,
) -> Result<impl IntoResponse, Error> {
    let task = tasks.create(owner.gate, NewTask::read(fields)?).await?;
    let location = format!("{}/{}", owner.path, task.id);
    Ok((ETag(task.version), Created(location, task)))
}

impl NewTask {
    fn read(mut fields: Fields) -> Result<Self, Error> {
        let title = fields.required("title");
        let description = fields.optional("description");
        let completed = not_null(&mut fields, "completed").unwrap_or(false);
        let priority = not_null(&mut fields, "priority").unwrap_or_default();
        let due_at = fields.optional("due_at");
        fields.finish()?;
        let title = title.ok_or_else(|| Error::Internal("a title passed unread".into()))?;
        Ok(Self { title, description, completed, priority, due_at })
    }
}

/// A field that may be absent but cannot be null.
pub(super) fn not_null<T: crate::input::Field>(fields: &mut Fields, name: &str) -> Option<T> {
    match fields.take(name) {
        Given::Value(value) => Some(value),
        Given::Absent => None,
        Given::Null => {
            fields.refuse(name, "must not be null", "null");
            None
        }
    }
}

impl Tasks {
    /// Makes a task of the gate's user.
    pub async fn create(&self, gate: Gate, new: NewTask) -> Result<Task, Error> {
        let task = store::made(new, self.random.id(gate.now), gate.user_id, gate.now);
        store::insert(&self.db, gate, &task).await?;
        Ok(task)
    }
}
