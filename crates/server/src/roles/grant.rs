//! `PUT /admin/users/{id}/roles/{role}`: grants a role; requires all its permissions. A role without
//! permissions may still matter to services that read `roles` in tokens.

use axum::extract::State;
use uuid::Uuid;

use super::role::RoleInPath;
use super::{RoleName, Roles, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::RolesGrant;
use crate::gate::{lock_admins, user_exists};
use crate::http::{IdInPath, NoContent};
use crate::keys::Permitted;
use crate::sql::Step;

/// Grant a role
///
/// Takes effect with the user's next request. Granting it again changes nothing.
#[utoipa::path(put, path = "/users/{id}/roles/{role}", operation_id = "roles.grant", tag = "admin",
    security(("bearer" = ["roles:grant"])),
    params(("id" = String, Path, description = "The user's id"), RoleInPath),
    responses(
        (status = 204, description = "The user holds the role"),
        (status = 403, description = "Needs `roles:grant` and every permission of the role; for a role without \
            permissions, the role itself or `roles:write`"),
        (status = 404, description = "No such user, or no such role"),
        (status = 422, description = "The id is not a UUID, or the role name is not valid")))]
pub(super) async fn grant(
    State(roles): State<Roles>,
    by: Permitted<RolesGrant>,
    IdInPath(user): IdInPath,
    RoleInPath(name): RoleInPath,
) -> Result<NoContent, Error> {
    roles.grant(&by.actor, user, &name).await?;
    Ok(NoContent)
}

impl Roles {
    /// Grants a role to a user.
    pub async fn grant(&self, by: &Actor, user: Uuid, name: &RoleName) -> Result<(), Error> {
        let (steps, record) = granting(by, user, name);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}

/// The steps that grant a role, and their record.
pub(crate) fn granting(by: &Actor, user: Uuid, name: &RoleName) -> (Vec<Step>, Record) {
    let mut steps = holding(by, user, name);
    steps.push(store::insert_holder(user, name));
    (steps, Record::by(by, Event::RoleGrant).about(user).detail(name.as_str()))
}

/// The first steps of granting and revoking: user and role exist, and the caller has all of the role's
/// permissions.
pub(super) fn holding(by: &Actor, user: Uuid, name: &RoleName) -> Vec<Step> {
    let mut steps = vec![lock_admins(), user_exists(user), store::exists(name)];
    steps.extend(by.authority.holds_all_of_role(name.as_str()));
    steps.extend(by.authority.knows_role(name.as_str()));
    steps
}
