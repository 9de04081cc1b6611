//! `GET` one task, with its `ETag`; 304 if the client already has this version.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::owner::OwnTask;
use super::task::Task;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{ETag, IfNoneMatch, NotModified, json};
use uuid::Uuid;

/// Read a task
#[utoipa::path(
    get,
    path = "/{id}",
    operation_id = "tasks.show",
    tag = "tasks",
    security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "The task's id"),
        ("If-None-Match" = Option<String>, Header, description = "The entity tags that you already have"),
    ),
    responses(
        (status = 200, description = "The task", body = Task, headers(
            ("ETag" = String, description = "The task's version, quoted"),
        )),
        (status = 304, description = "Not modified: you have the current version"),
        (status = 404, description = "Not found, or not yours"),
        (status = 422, description = "The id is not a UUID"),
    )
)]
pub(super) async fn show(
    State(tasks): State<Tasks>,
    OwnTask { gate, id, name }: OwnTask,
    known: IfNoneMatch,
) -> Result<Response, Error> {
    let task = tasks.show(gate, id).await?;
    let tag = ETag(task.version);
    if known.has(task.version) {
        return Ok((tag, NotModified).into_response());
    }
    Ok((tag, json(name.seen(task))).into_response())
}

impl Tasks {
    /// One task of the gate's user.
    pub async fn show(&self, gate: Gate, id: Uuid) -> Result<Task, Error> {
        store::find(&self.db, gate, id).await?.ok_or(Error::NotFound)
    }
}
