//! `DELETE /admin/roles/{role}`: deletes a role and all its grants.

use axum::extract::State;

use super::role::RoleInPath;
use super::{RoleName, Roles, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::lock_admins;
use crate::gate::permission::RolesWrite;
use crate::http::NoContent;
use crate::keys::Permitted;

/// Delete a role
/// Users who have the role lose it.
#[utoipa::path(delete, path = "/roles/{role}", operation_id = "roles.delete", tag = "admin",
    security(("bearer" = ["roles:write"])),
    params(RoleInPath),
    responses(
        (status = 204, description = "The role was deleted"),
        (status = 403, description = "Needs `roles:write`, and every permission of the role"),
        (status = 404, description = "No such role"),
        (status = 409, description = "`admin` and `user` cannot be deleted"),
        (status = 422, description = "Not a valid role name")))]
pub(super) async fn delete(
    State(roles): State<Roles>,
    by: Permitted<RolesWrite>,
    RoleInPath(name): RoleInPath,
) -> Result<NoContent, Error> {
    roles.delete(&by.actor, &name).await?;
    Ok(NoContent)
}

impl Roles {
    /// Deletes a role.
    pub async fn delete(&self, by: &Actor, name: &RoleName) -> Result<(), Error> {
        let mut steps = vec![lock_admins(), store::exists(name), store::not_built_in(name)];
        steps.extend(by.authority.holds_all_of_role(name.as_str()));
        steps.push(store::delete(name));
        let record = Record::by(by, Event::RoleDelete).detail(name.as_str());
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
