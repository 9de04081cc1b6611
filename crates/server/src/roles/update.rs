//! `PUT /admin/roles/{role}`: changes what a role is for and what it allows, within what its changer
//! holds before the change. What is absent stays.

use axum::extract::State;
use utoipa::ToSchema;

use super::role::{Allowed, RoleDescription, RoleInPath};
use super::{Role, RoleName, Roles, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::Permission;
use crate::gate::lock_admins;
use crate::gate::permission::RolesWrite;
use crate::http::{Json, JsonBody, json};
use crate::input::Fields;
use crate::keys::Permitted;

/// What a role becomes; what is absent stays.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "describes what RoleChange reads")]
struct UpdateRoleRequest {
    /// What it is for.
    #[schema(value_type = Option<String>, max_length = 200)]
    description: Option<RoleDescription>,
    /// Everything it allows from now on.
    #[schema(value_type = Option<Vec<Permission>>)]
    permissions: Option<Allowed>,
}

/// What a role becomes; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    /// What it is for.
    pub description: Option<String>,
    /// Everything it allows.
    pub permissions: Option<Vec<Permission>>,
}

impl RoleChange {
    fn read(mut fields: Fields) -> Result<Self, Error> {
        let description = fields.optional("description").map(|RoleDescription(text)| text);
        let permissions = fields.optional("permissions").map(|Allowed(all)| all);
        fields.finish()?;
        Ok(Self { description, permissions })
    }
}

/// Change a role
#[utoipa::path(put, path = "/roles/{role}", operation_id = "roles.update", tag = "admin",
    security(("bearer" = ["roles:write"])),
    params(RoleInPath),
    request_body = UpdateRoleRequest,
    responses(
        (status = 200, description = "The role as it is now", body = Role),
        (status = 403, description = "Needs `roles:write`, and every permission of the role before and after"),
        (status = 404, description = "No such role"),
        (status = 409, description = "`admin` and `user` stay as they are")))]
pub(super) async fn update(
    State(roles): State<Roles>,
    by: Permitted<RolesWrite>,
    RoleInPath(name): RoleInPath,
    JsonBody(fields): JsonBody,
) -> Result<Json<Role>, Error> {
    let change = RoleChange::read(fields)?;
    roles.update(&by.actor, &name, change).await.map(json)
}

impl Roles {
    /// Changes a role; who holds it is bound by the new permissions with their next request.
    pub async fn update(
        &self,
        by: &Actor,
        name: &RoleName,
        change: RoleChange,
    ) -> Result<Role, Error> {
        let mut steps = vec![lock_admins(), store::exists(name), store::not_built_in(name)];
        steps.extend(by.authority.holds_all_of_role(name.as_str()));
        let allowed = change.permissions.as_deref().unwrap_or_default();
        // Before the change: whoever holds this very role must not gain by it.
        steps.extend(allowed.iter().filter_map(|it| by.authority.holds(*it)));
        steps.push(store::update(name, change.description.as_deref()));
        if change.permissions.is_some() {
            steps.push(store::delete_permissions(name));
            steps.extend(allowed.iter().map(|it| store::insert_permission(name, *it)));
        }
        steps.push(store::find(name));
        let record = Record::by(by, Event::RoleUpdate).detail(said(name, &change));
        let rows = self.audit.commit(by.authority, steps, [record]).await?;
        let row = rows.last().and_then(|found| found.first()).ok_or(Error::NotFound)?;
        Ok(row.read()?)
    }
}

fn said(name: &RoleName, change: &RoleChange) -> String {
    match &change.permissions {
        Some(all) => format!("{}: {}", name.as_str(), super::role::strings(all).join(" ")),
        None => name.as_str().to_owned(),
    }
}
