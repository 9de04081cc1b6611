//! `DELETE` a task, permanently.

use axum::extract::State;
use uuid::Uuid;

use super::owner::OwnTask;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{IfMatch, NoContent};

/// Delete a task
#[utoipa::path(
    delete,
    path = "/{id}",
    operation_id = "tasks.delete",
    tag = "tasks",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The task's id"),
        ("If-Match" = Option<String>, Header, description = "Only delete the task if its version is one of \
            these entity tags"),
    ),
    responses(
        (status = 204, description = "The task was deleted"),
        (status = 404, description = "Not found, or not yours"),
        (status = 412, description = "If-Match does not match the current version"),
        (status = 422, description = "The id is not a UUID"),
    )
)]
pub(super) async fn delete(
    State(tasks): State<Tasks>,
    OwnTask { gate, id, .. }: OwnTask,
    only: IfMatch,
) -> Result<NoContent, Error> {
    tasks.delete(gate, id, &only).await?;
    Ok(NoContent)
}

impl Tasks {
    /// Deletes a task of the gate's user.
    pub async fn delete(&self, gate: Gate, id: Uuid, only: &IfMatch) -> Result<(), Error> {
        store::delete(&self.db, gate, id, only).await?.done().map(|_| ())
    }
}
