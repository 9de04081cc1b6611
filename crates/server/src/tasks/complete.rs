//! `PATCH …/complete`: `{"completed": bool}` sets; no body, `null` and `{}` toggle. Toggling is one
//! statement, so two concurrent toggles cancel out instead of losing one. Setting the current value changes
//! nothing.

use axum::extract::State;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::owner::OwnTask;
use super::task::Task;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{ETag, IfMatch, JsonBody, json};
use crate::input::body;

body! {
    /// Whether the task is completed.
    pub(super) struct CompleteRequest as "TaskCompletion" {
        /// Whether the task is completed; toggled if absent.
        completed: Option<bool> = None,
    }
}

/// Set or toggle completion
///
/// Without a body, or with `{}`, the completion is toggled.
#[utoipa::path(
    patch,
    path = "/{id}/complete",
    operation_id = "tasks.complete",
    tag = "tasks",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The task's id"),
        ("If-Match" = Option<String>, Header, description = "Only change the task if its version is one of \
            these entity tags"),
    ),
    request_body = Option<CompleteRequest>,
    responses(
        (status = 200, description = "The task", body = Task, headers(
            ("ETag" = String, description = "The task's version, quoted"),
        )),
        (status = 404, description = "Not found, or not yours"),
        (status = 412, description = "If-Match does not match the current version"),
    )
)]
pub(super) async fn complete(
    State(tasks): State<Tasks>,
    OwnTask { gate, id, name }: OwnTask,
    only: IfMatch,
    body: Option<JsonBody<CompleteRequest, 256>>,
) -> Result<impl IntoResponse, Error> {
    let completed = body.and_then(|JsonBody(request)| request.completed);
    let task = tasks.complete(gate, id, completed, &only).await?;
    Ok((ETag(task.version), json(name.seen(task))))
}

impl Tasks {
    /// Sets or toggles whether a task of the gate's user is completed.
    pub async fn complete(
        &self,
        gate: Gate,
        id: Uuid,
        completed: Option<bool>,
        only: &IfMatch,
    ) -> Result<Task, Error> {
        store::complete(&self.db, gate, id, completed, only).await?.done()
    }
}
