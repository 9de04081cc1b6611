//! `POST` a task. What may be written is title, description, completed, priority and due date; owner,
//! id and times are the server's, whatever the body says.

use axum::extract::State;
use axum::response::IntoResponse;

use super::fields::{Description, DueAt, Priority, Title};
use super::owner::Owner;
use super::task::Task;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Created, ETag, JsonBody};
use crate::input::body;

body! {
    /// A task to be made.
    pub struct NewTask {
        /// What to do; stored without spaces at its ends.
        pub title: Title,
        /// More about it.
        pub description: Option<Description>,
        /// True for a task that is done already.
        pub completed: bool = false,
        /// How urgent it is.
        pub priority: Priority = Priority::None,
        /// RFC 3339, any offset, years 0001 to 9999.
        pub due_at: Option<DueAt>,
    }
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
    JsonBody(new): JsonBody<NewTask, 256>,
) -> Result<impl IntoResponse, Error> {
    let task = tasks.create(owner.gate, new).await?;
    let location = format!("{}/{}", owner.path, task.id);
    Ok((ETag(task.version), Created(location, task)))
}

impl Tasks {
    /// Makes a task of the gate's user.
    pub async fn create(&self, gate: Gate, new: NewTask) -> Result<Task, Error> {
        let task = store::made(new, self.random.id(gate.now), gate.user_id, gate.now);
        store::insert(&self.db, gate, &task).await?;
        Ok(task)
    }
}
