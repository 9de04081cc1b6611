//! `DELETE /admin/users/{id}/roles/{role}`: revokes a role, unless no active admin would remain.

use axum::extract::State;
use uuid::Uuid;

use super::grant::holding;
use super::role::RoleInPath;
use super::{RoleName, Roles, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::keep_an_admin;
use crate::gate::permission::RolesGrant;
use crate::http::{IdInPath, NoContent};
use crate::keys::Permitted;

/// Revoke a role
///
/// Takes effect with the user's next request. Revoking a role that the user does not have changes nothing.
#[utoipa::path(delete, path = "/users/{id}/roles/{role}", operation_id = "roles.revoke", tag = "admin",
    security(("bearer" = ["roles:grant"])),
    params(("id" = String, Path, description = "The user's id"), RoleInPath),
    responses(
        (status = 204, description = "The user does not hold the role"),
        (status = 403, description = "Needs `roles:grant` and every permission of the role; for a role without \
            permissions, the role itself or `roles:write`"),
        (status = 404, description = "No such user, or no such role"),
        (status = 409, description = "The last active admin"),
        (status = 422, description = "The id is not a UUID, or the role name is not valid")))]
pub(super) async fn revoke(
    State(roles): State<Roles>,
    by: Permitted<RolesGrant>,
    IdInPath(user): IdInPath,
    RoleInPath(name): RoleInPath,
) -> Result<NoContent, Error> {
    roles.revoke(&by.actor, user, &name).await?;
    Ok(NoContent)
}

impl Roles {
    /// Revokes a user's role.
    pub async fn revoke(&self, by: &Actor, user: Uuid, name: &RoleName) -> Result<(), Error> {
        let mut steps = holding(by, user, name);
        if name.is_admin() {
            steps.push(keep_an_admin(user, self.clock.now()));
        }
        steps.push(store::delete_holder(user, name));
        let record = Record::by(by, Event::RoleRevoke).about(user).detail(name.as_str());
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
