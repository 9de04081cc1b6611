//! `PUT /admin/roles/{role}`: changes a role's description and permissions, within the permissions that the
//! caller has before the change. Absent fields keep their values.

use axum::extract::State;

use super::role::{Allowed, RoleDescription, RoleInPath};
use super::{Role, RoleName, Roles, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::lock_admins;
use crate::gate::permission::RolesWrite;
use crate::http::{Json, JsonBody, json};
use crate::input::body;
use crate::keys::Permitted;

body! {
    /// The changes to a role; absent fields keep their values.
    pub struct RoleChange as "UpdateRoleRequest" {
        /// What it is for.
        pub description: Option<RoleDescription>,
        /// All permissions it has from now on.
        pub permissions: Option<Allowed>,
    }
}

/// Change a role
#[utoipa::path(put, path = "/roles/{role}", operation_id = "roles.update", tag = "admin",
    security(("bearer" = ["roles:write"])),
    params(RoleInPath),
    request_body = RoleChange,
    responses(
        (status = 200, description = "The changed role", body = Role),
        (status = 403, description = "Needs `roles:write`, and every permission of the role before and after"),
        (status = 404, description = "No such role"),
        (status = 409, description = "`admin` and `user` cannot be changed")))]
pub(super) async fn update(
    State(roles): State<Roles>,
    by: Permitted<RolesWrite>,
    RoleInPath(name): RoleInPath,
    JsonBody(change): JsonBody<RoleChange>,
) -> Result<Json<Role>, Error> {
    roles.update(&by.actor, &name, change).await.map(json)
}

impl Roles {
    /// Changes a role; its holders have the new permissions with their next request.
    pub async fn update(
        &self,
        by: &Actor,
        name: &RoleName,
        change: RoleChange,
    ) -> Result<Role, Error> {
        let mut steps = vec![lock_admins(), store::exists(name), store::not_built_in(name)];
        steps.extend(by.authority.holds_all_of_role(name.as_str()));
        let allowed = change.permissions.as_ref().map_or(&[][..], |Allowed(all)| all);
        // Before the change: holders of this role must not gain permissions by it.
        steps.extend(allowed.iter().flat_map(|it| by.authority.holds(*it)));
        steps.push(store::update(
            name,
            change.description.as_ref().map(|RoleDescription(text)| text.as_str()),
        ));
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
        Some(Allowed(all)) => format!("{}: {}", name.as_str(), super::role::strings(all).join(" ")),
        None => name.as_str().to_owned(),
    }
}
