//! `POST` a task. The client may set title, description, completed, priority and due date; the server sets
//! owner, id and times, whatever the body says.

use axum::extract::State;
use axum::response::IntoResponse;

use super::fields::Title;
use super::owner::Owner;
use super::task::{NewTask, Task};
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Created, ETag, JsonBody};
use crate::input::{Draft, Refusal};

/// Create a task
#[utoipa::path(
    post,
    path = "",
    operation_id = "tasks.create",
    tag = "tasks",
    security(("bearer" = [])),
    request_body = NewTask,
    responses(
        (status = 201, description = "The task was created", body = Task, headers(
            ("Location" = String, description = "The new task's path"),
            ("ETag" = String, description = "The task's version, quoted"),
        )),
    )
)]
pub(super) async fn create(
    State(tasks): State<Tasks>,
    owner: Owner,
    JsonBody(mut draft): JsonBody<Draft<NewTask>, 256>,
) -> Result<impl IntoResponse, Error> {
    let (title, ..) = &draft.parts;
    let refusal = title.as_ref().and_then(|title| tasks.refusal(title));
    draft.fields.note("title", refusal);
    let new = draft.finish()?;
    let task = owner.name.seen(tasks.create(owner.gate, new).await?);
    let location = format!("{}/{}", owner.path, task.id);
    Ok((ETag(task.version), Created(location, task)))
}

impl Tasks {
    /// The error for a title that is longer than the setting allows.
    pub(super) fn refusal(&self, title: &Title) -> Option<Refusal> {
        title.refusal(self.settings.task_title_max)
    }

    /// Creates a task for the gate's user.
    pub async fn create(&self, gate: Gate, new: NewTask) -> Result<Task, Error> {
        let task = new.into_task(self.random.id(gate.now), gate.user_id, gate.now);
        store::insert(&self.db, gate, &task).await?;
        Ok(task)
    }
}
