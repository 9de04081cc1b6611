//! `POST /admin/users/{id}/keys`: creates a key for a service account, which cannot sign in to create one.
//! Not possible for people: a person's key allows acting as that person.

use axum::extract::State;
use uuid::Uuid;

use super::{ApiKeys, MadeKey, NewKey, store};
use crate::audit::Actor;
use crate::error::Error;
use crate::gate::permission::KeysWrite;
use crate::gate::user_exists;
use crate::http::{Created, IdInPath, JsonBody};
use crate::input::Draft;
use crate::keys::Permitted;

/// Create a service account's API key
///
/// The key is only shown in this response. Users create their own keys.
#[utoipa::path(post, path = "/users/{id}/keys", operation_id = "api_keys.create_of_user",
    tag = "admin", security(("bearer" = ["keys:write"])),
    params(("id" = String, Path, description = "The service account's id")),
    request_body = NewKey,
    responses(
        (status = 201, description = "The new key", body = MadeKey,
            headers(("Location" = String))),
        (status = 403, description = "Needs `keys:write`, and every permission the account holds; or the \
            account lacks a permission of the scopes"),
        (status = 404, description = "No such service account"),
        (status = 409, description = "The account has the maximum number of keys")))]
pub(super) async fn create_of_user(
    State(keys): State<ApiKeys>,
    by: Permitted<KeysWrite>,
    IdInPath(user): IdInPath,
    JsonBody(draft): JsonBody<Draft<NewKey>>,
) -> Result<Created<MadeKey>, Error> {
    let made = keys.create_of_user(&by.actor, user, draft.finish()?).await?;
    Ok(Created(format!("/admin/users/{user}/keys/{}", made.about.id), made))
}

impl ApiKeys {
    /// Creates a key for a service account.
    pub async fn create_of_user(
        &self,
        by: &Actor,
        owner: Uuid,
        new: NewKey,
    ) -> Result<MadeKey, Error> {
        let mut before = vec![user_exists(owner), store::is_service(owner)];
        before.extend(by.authority.holds_all_of_user(owner));
        self.make(by, owner, new, before).await
    }
}
