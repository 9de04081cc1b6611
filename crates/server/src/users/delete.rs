//! `DELETE /admin/users/{id}`: deletes an account and all its data. The audit log keeps the id.

use axum::extract::State;
use uuid::Uuid;

use super::Users;
use crate::accounts::{ErasureReceipt, erase};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::UsersWrite;
use crate::gate::{keep_an_admin, lock_admins, user_exists};
use crate::http::{BodyOrNone, IdInPath, WantsBody};
use crate::keys::Permitted;

/// Delete a user
///
/// Deletes their sessions, roles and tasks too. This cannot be undone.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "users.delete", tag = "admin",
    security(("bearer" = ["users:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "The user was deleted"),
        (status = 200, description = "Deleted, with a receipt, for `Prefer: return=representation`",
            body = ErasureReceipt),
        (status = 403, description = "Needs `users:write`, and every permission the user holds"),
        (status = 404, description = "No such user"),
        (status = 409, description = "The last active admin cannot be deleted"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn delete(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    WantsBody(wants_receipt): WantsBody,
    IdInPath(id): IdInPath,
) -> Result<BodyOrNone<ErasureReceipt>, Error> {
    users.delete(&by.actor, id, wants_receipt).await.map(BodyOrNone)
}

impl Users {
    /// Deletes a user; returns what was erased, if wanted.
    pub async fn delete(
        &self,
        by: &Actor,
        id: Uuid,
        wants_receipt: bool,
    ) -> Result<Option<ErasureReceipt>, Error> {
        let accounts = self.accounts();
        let mut steps = vec![lock_admins(), user_exists(id)];
        steps.extend(by.authority.holds_all_of_user(id));
        steps.push(keep_an_admin(id, self.clock.now()));
        let ahead = accounts.delete_tasks_ahead(by.authority, id, &steps).await?;
        let at = erase(id, wants_receipt, &mut steps);
        let record = Record::by(by, Event::AccountDelete).about(id);
        let rows = self.audit.commit(by.authority, steps, [record]).await?;
        accounts.receipt(id, at, &rows, ahead)
    }
}
