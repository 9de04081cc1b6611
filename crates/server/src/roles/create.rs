//! `POST /admin/roles`: creates a role with permissions that the caller has.

use axum::extract::State;

use super::role::{Allowed, RoleDescription, strings};
use super::{Role, RoleName, Roles, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::Permission;
use crate::gate::lock_admins;
use crate::gate::permission::RolesWrite;
use crate::http::{Created, JsonBody};
use crate::input::body;
use crate::keys::Permitted;
use crate::sql::DbError;

body! {
    /// A new role.
    pub(super) struct CreateRoleRequest {
        /// 1–50 characters of `a-z 0-9 _ -`, starting with a letter.
        name: RoleName,
        /// What it is for.
        description: Option<RoleDescription>,
        /// What it allows; none if absent.
        permissions: Option<Allowed>,
    }
}

/// Create a role
#[utoipa::path(post, path = "/roles", operation_id = "roles.create", tag = "admin",
    security(("bearer" = ["roles:write"])),
    request_body = CreateRoleRequest,
    responses(
        (status = 201, description = "The new role", body = Role, headers(("Location" = String))),
        (status = 403, description = "Needs `roles:write`, and every permission of the new role"),
        (status = 409, description = "Another role has this name")))]
pub(super) async fn create(
    State(roles): State<Roles>,
    by: Permitted<RolesWrite>,
    JsonBody(request): JsonBody<CreateRoleRequest>,
) -> Result<Created<Role>, Error> {
    let description = request.description.map(|RoleDescription(text)| text).unwrap_or_default();
    let allowed = request.permissions.map(|Allowed(all)| all).unwrap_or_default();
    let role = roles.create(&by.actor, request.name, description, &allowed).await?;
    Ok(Created(format!("/admin/roles/{}", role.name), role))
}

impl Roles {
    /// Creates a role.
    pub async fn create(
        &self,
        by: &Actor,
        name: RoleName,
        description: String,
        allowed: &[Permission],
    ) -> Result<Role, Error> {
        let mut steps = vec![lock_admins()];
        steps.extend(allowed.iter().flat_map(|it| by.authority.holds(*it)));
        steps.push(store::insert(&name, &description));
        steps.extend(allowed.iter().map(|it| store::insert_permission(&name, *it)));
        let permissions = strings(allowed);
        let said = format!("{}: {}", name.as_str(), permissions.join(" "));
        let record = Record::by(by, Event::RoleCreate).detail(said);
        match self.audit.commit(by.authority, steps, [record]).await {
            Ok(_) => {}
            Err(DbError::Unique(_)) => return Err(Error::RoleTaken),
            Err(error) => return Err(error.into()),
        }
        Ok(Role { name: name.as_str().to_owned(), description, permissions, built_in: false })
    }
}
