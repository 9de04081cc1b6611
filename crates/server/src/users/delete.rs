//! `DELETE /admin/users/{id}`: removes an account with all that is theirs. The audit log keeps the id.

use axum::extract::State;
use uuid::Uuid;

use super::{Users, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::UsersWrite;
use crate::gate::{keep_an_admin, lock_admins, user_exists};
use crate::guesses;
use crate::http::{IdInPath, NoContent};
use crate::keys::Permitted;

/// Delete a user
///
/// With their sessions, roles and tasks; nothing brings them back.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "users.delete", tag = "admin",
    security(("bearer" = ["users:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "The user is gone"),
        (status = 403, description = "Needs `users:write`, and every permission the user holds"),
        (status = 404, description = "No such user"),
        (status = 409, description = "The last active admin stays"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn delete(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    IdInPath(id): IdInPath,
) -> Result<NoContent, Error> {
    users.delete(&by.actor, id).await?;
    Ok(NoContent)
}

impl Users {
    /// Deletes a user.
    pub async fn delete(&self, by: &Actor, id: Uuid) -> Result<(), Error> {
        let mut steps = vec![lock_admins(), user_exists(id)];
        steps.extend(by.authority.holds_all_of_user(id));
        steps.push(keep_an_admin(id, self.clock.now()));
        steps.extend([store::delete(id), guesses::forget(id)]);
        let record = Record::by(by, Event::AccountDelete).about(id);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
