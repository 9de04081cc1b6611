//! `/admin/users/{id}/sessions`: another user's sessions, for callers with `sessions:write`, and `DELETE
//! /admin/sessions`: those of all users, for use after a secret has leaked.

use axum::extract::State;
use uuid::Uuid;

use super::{SessionView, Sessions, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::SessionsWrite;
use crate::gate::{end_devices, end_everybodys_devices, end_sessions, user_exists};
use crate::http::{IdInPath, Json, NoContent, json};
use crate::keys::Permitted;

/// List a user's sessions
/// Newest first, at most a thousand.
#[utoipa::path(get, path = "/users/{id}/sessions", operation_id = "sessions.list_of_user",
    tag = "admin", security(("bearer" = ["sessions:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user's sessions", body = [SessionView]),
        (status = 403, description = "Needs `sessions:write`"),
        (status = 404, description = "No such user"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn list_of_user(
    State(sessions): State<Sessions>,
    by: Permitted<SessionsWrite>,
    IdInPath(user): IdInPath,
) -> Result<Json<Vec<SessionView>>, Error> {
    sessions.list_of(by.actor.authority, user).await.map(json)
}

/// End a user's sessions
///
/// All of them, effective immediately.
#[utoipa::path(delete, path = "/users/{id}/sessions", operation_id = "sessions.revoke_of_user",
    tag = "admin", security(("bearer" = ["sessions:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 403, description = "Needs `sessions:write`, and every permission the user holds"),
        (status = 404, description = "No such user"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn revoke_of_user(
    State(sessions): State<Sessions>,
    by: Permitted<SessionsWrite>,
    IdInPath(user): IdInPath,
) -> Result<NoContent, Error> {
    sessions.revoke_of(&by.actor, user).await?;
    Ok(NoContent)
}

/// End all sessions of all users
///
/// Including your own: every user has to sign in again.
#[utoipa::path(delete, path = "/sessions", operation_id = "sessions.revoke_everybodys",
    tag = "admin", security(("bearer" = ["sessions:write"])),
    responses(
        (status = 204, description = "Ended"),
        (status = 403, description = "Needs every permission")))]
pub(super) async fn revoke_everybodys(
    State(sessions): State<Sessions>,
    by: Permitted<SessionsWrite>,
) -> Result<NoContent, Error> {
    sessions.revoke_everybodys(&by.actor).await?;
    Ok(NoContent)
}

impl Sessions {
    /// Ends all sessions of a user.
    pub async fn revoke_of(&self, by: &Actor, user: Uuid) -> Result<(), Error> {
        let mut steps = vec![user_exists(user)];
        steps.extend(by.authority.holds_all_of_user(user));
        steps.push(end_sessions(user, self.clock.now(), "revoked"));
        steps.push(end_devices(user));
        let record = Record::by(by, Event::SessionsRevoke).about(user);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }

    /// Ends one session of any user.
    pub async fn revoke_any(&self, by: &Actor, id: Uuid) -> Result<(), Error> {
        let (db, now) = (&self.db, self.clock.now());
        let user = store::find_owner(db, id, now).await?.ok_or(Error::NotFound)?;
        let mut steps = store::revoke_one(user, id, now, "revoked").to_vec();
        steps.extend(by.authority.holds_all_of_user(user));
        let record = Record::by(by, Event::SessionsRevoke).about(user).in_session(id);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }

    /// Ends all sessions of all users, including admins, so it requires all permissions.
    pub async fn revoke_everybodys(&self, by: &Actor) -> Result<(), Error> {
        let mut steps: Vec<_> = by.authority.holds_all_of_role("admin").collect();
        steps.push(store::revoke_everybodys(self.clock.now()));
        steps.push(end_everybodys_devices());
        let record = Record::by(by, Event::SessionsRevokeAll);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
