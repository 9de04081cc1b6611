//! `PUT` and `PATCH` a task. Both merge (RFC 7396): an absent field keeps its value and null clears it,
//! because existing front ends send partial bodies with PUT. `If-Match` is compared in the changing statement
//! itself, so that of two writers with one version exactly one wins.

use axum::extract::State;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::owner::OwnTask;
use super::store::Conditional;
use super::task::{Changes, Task};
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{ETag, IfMatch, JsonBody, json};
use crate::input::Draft;

/// An endpoint that changes a task; PUT and PATCH only differ in their names.
macro_rules! changing {
    ($method:ident $name:ident $operation:tt $(#[$about:meta])+) => {
        $(#[$about])+
        #[utoipa::path(
            $method,
            path = "/{id}",
            operation_id = $operation,
            tag = "tasks",
            security(("bearer" = [])),
            params(
                ("id" = Uuid, Path, description = "The task's id"),
                ("If-Match" = Option<String>, Header, description = "Only change the task if its version is \
                    one of these entity tags"),
            ),
            request_body = Changes,
            extensions(("x-also-takes" = json!(["application/merge-patch+json"]))),
            responses(
                (status = 200, description = "The changed task", body = Task, headers(
                    ("ETag" = String, description = "The task's new version, quoted"),
                )),
                (status = 404, description = "Not found, or not yours"),
                (status = 412, description = "If-Match does not match the current version"),
            )
        )]
        pub(super) async fn $name(
            State(tasks): State<Tasks>,
            OwnTask { gate, id, name }: OwnTask,
            only: IfMatch,
            JsonBody(draft): JsonBody<Draft<Changes>, 256>,
        ) -> Result<impl IntoResponse, Error> {
            let changes = tasks.checked(draft)?;
            let task = tasks.update(gate, id, &changes, &only).await?;
            Ok((ETag(task.version), json(name.seen(task))))
        }
    };
}

changing! { put replace "tasks.replace"
    /// Change a task
    ///
    /// Works like PATCH: fields that are absent keep their values.
}

changing! { patch update "tasks.update"
    /// Change a task
    ///
    /// A JSON merge patch (RFC 7396): fields that are absent keep their values, null clears a field.
}

impl Tasks {
    /// The changes, unless the settings forbid the title.
    fn checked(&self, mut draft: Draft<Changes>) -> Result<Changes, Error> {
        let (title, ..) = &draft.parts;
        let refusal = title.iter().flatten().find_map(|title| self.refusal(title));
        draft.fields.note("title", refusal);
        draft.finish()
    }

    /// Changes a task of the gate's user; without changes returns the task as it is.
    pub async fn update(
        &self,
        gate: Gate,
        id: Uuid,
        changes: &Changes,
        only: &IfMatch,
    ) -> Result<Task, Error> {
        if changes.is_empty() {
            let task = self.show(gate, id).await?;
            return if only.allows(task.version) {
                Ok(task)
            } else {
                Err(Error::PreconditionFailed)
            };
        }
        store::update(&self.db, gate, id, changes, only).await?.done()
    }
}

impl<T> Conditional<T> {
    /// 404 before 412.
    pub(super) fn done(self) -> Result<T, Error> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Missing => Err(Error::NotFound),
            Self::Changed => Err(Error::PreconditionFailed),
        }
    }
}
