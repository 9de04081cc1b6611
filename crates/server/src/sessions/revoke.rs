//! `DELETE /auth/sessions/{id}` ends one of the caller's sessions, `DELETE /auth/sessions` all but the
//! current one. Other users' sessions are 404.

use axum::extract::State;
use uuid::Uuid;

use super::store::Scope;
use super::{Sessions, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{IdInPath, NoContent};
use crate::input::Origin;
use crate::keys::Caller;

/// End one of your sessions
///
/// Its access and refresh tokens stop working immediately.
#[utoipa::path(delete, path = "/sessions/{id}", operation_id = "sessions.revoke", tag = "sessions",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "Not found, already ended, or not yours"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn revoke(
    State(sessions): State<Sessions>,
    caller: Caller,
    origin: Origin,
    IdInPath(id): IdInPath,
) -> Result<NoContent, Error> {
    sessions.revoke(caller.gate, id, origin).await?;
    Ok(NoContent)
}

/// End your other sessions
/// This session continues.
#[utoipa::path(delete, path = "/sessions", operation_id = "sessions.revoke_others", tag = "sessions",
    security(("bearer" = [])),
    responses((status = 204, description = "Ended")))]
pub(super) async fn revoke_others(
    State(sessions): State<Sessions>,
    caller: Caller,
    origin: Origin,
) -> Result<NoContent, Error> {
    sessions.logout(caller.gate, Scope::Others, origin).await?;
    Ok(NoContent)
}

impl Sessions {
    /// Ends a session of the gate's user.
    pub async fn revoke(&self, gate: Gate, id: Uuid, origin: Origin) -> Result<(), Error> {
        let by = Actor::caller(gate, origin);
        let steps = store::revoke_one(gate.user_id, id, gate.now, "ended_by_owner").to_vec();
        let record = Record::by(&by, Event::SessionEnd).about(gate.user_id).in_session(id);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
