//! `GET /admin/users/{id}`: one user.

use axum::extract::State;
use uuid::Uuid;

use super::{AdminUser, Users, store};
use crate::email::Email;
use crate::error::Error;
use crate::gate::Authority;
use crate::gate::permission::UsersRead;
use crate::http::{IdInPath, Json, json};
use crate::keys::Permitted;

/// Show a user
#[utoipa::path(get, path = "/users/{id}", operation_id = "users.show", tag = "admin",
    security(("bearer" = ["users:read"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user", body = AdminUser),
        (status = 403, description = "Needs `users:read`"),
        (status = 404, description = "No such user"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn show(
    State(users): State<Users>,
    by: Permitted<UsersRead>,
    IdInPath(id): IdInPath,
) -> Result<Json<AdminUser>, Error> {
    users.show(by.actor.authority, id).await.map(json)
}

impl Users {
    /// The user with this id.
    pub async fn show(&self, authority: Authority, id: Uuid) -> Result<AdminUser, Error> {
        store::find_by_id(&self.db, authority, id).await?.ok_or(Error::NotFound)
    }

    /// The user with this address.
    pub async fn find(&self, authority: Authority, email: &Email) -> Result<AdminUser, Error> {
        store::find_by_email(&self.db, authority, email).await?.ok_or(Error::NotFound)
    }
}
