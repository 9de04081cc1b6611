//! `GET /admin/roles`: all roles with their permissions.

use axum::extract::State;

use super::{Role, Roles, store};
use crate::error::Error;
use crate::gate::Authority;
use crate::gate::permission::RolesWrite;
use crate::http::{Json, json};
use crate::keys::Permitted;

/// List the roles
#[utoipa::path(get, path = "/roles", operation_id = "roles.list", tag = "admin",
    security(("bearer" = ["roles:write"])),
    responses(
        (status = 200, description = "All roles, the built-in ones first", body = [Role]),
        (status = 403, description = "Needs `roles:write`")))]
pub(super) async fn list(
    State(roles): State<Roles>,
    by: Permitted<RolesWrite>,
) -> Result<Json<Vec<Role>>, Error> {
    roles.list(by.actor.authority).await.map(json)
}

impl Roles {
    /// All roles.
    pub async fn list(&self, authority: Authority) -> Result<Vec<Role>, Error> {
        Ok(store::list(&self.db, authority).await?)
    }
}
