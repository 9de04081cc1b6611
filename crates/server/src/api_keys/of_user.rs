//! `/admin/users/{id}/keys`: another user's keys, for callers with `keys:write`.

use axum::extract::State;
use uuid::Uuid;

use super::{ApiKey, ApiKeys, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::KeysWrite;
use crate::gate::{end_keys, user_exists};
use crate::http::{IdInPath, Json, NoContent, TwoIdsInPath, json};
use crate::keys::Permitted;

/// List a user's API keys
///
/// Newest first, including expired keys.
#[utoipa::path(get, path = "/users/{id}/keys", operation_id = "api_keys.list_of_user",
    tag = "admin", security(("bearer" = ["keys:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 200, description = "The user's keys", body = [ApiKey]),
        (status = 403, description = "Needs `keys:write`"),
        (status = 404, description = "No such user"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn list_of_user(
    State(keys): State<ApiKeys>,
    by: Permitted<KeysWrite>,
    IdInPath(user): IdInPath,
) -> Result<Json<Vec<ApiKey>>, Error> {
    keys.list_of(by.actor.authority, user).await.map(json)
}

/// Revoke a user's API keys
///
/// All of them, effective immediately.
#[utoipa::path(delete, path = "/users/{id}/keys", operation_id = "api_keys.revoke_of_user",
    tag = "admin", security(("bearer" = ["keys:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 403, description = "Needs `keys:write`, and every permission the user holds"),
        (status = 404, description = "No such user"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn revoke_of_user(
    State(keys): State<ApiKeys>,
    by: Permitted<KeysWrite>,
    IdInPath(user): IdInPath,
) -> Result<NoContent, Error> {
    keys.revoke_of(&by.actor, user).await?;
    Ok(NoContent)
}

/// Revoke one of a user's API keys
/// Effective immediately.
#[utoipa::path(delete, path = "/users/{id}/keys/{key_id}", operation_id = "api_keys.revoke_one",
    tag = "admin", security(("bearer" = ["keys:write"])),
    params(
        ("id" = String, Path, description = "The user's id"),
        ("key_id" = String, Path, description = "The key's id")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 403, description = "Needs `keys:write`, and every permission the user holds"),
        (status = 404, description = "No such key of this user"),
        (status = 422, description = "An id is not a UUID")))]
pub(super) async fn revoke_one(
    State(keys): State<ApiKeys>,
    by: Permitted<KeysWrite>,
    TwoIdsInPath(user, id): TwoIdsInPath,
) -> Result<NoContent, Error> {
    keys.revoke_one_of(&by.actor, user, id).await?;
    Ok(NoContent)
}

impl ApiKeys {
    /// Revokes all keys of a user.
    pub async fn revoke_of(&self, by: &Actor, user: Uuid) -> Result<(), Error> {
        let mut steps = vec![user_exists(user)];
        steps.extend(by.authority.holds_all_of_user(user));
        steps.push(end_keys(user));
        let record = Record::by(by, Event::ApiKeyRevoke).about(user).detail("all");
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }

    /// Revokes one key of a user.
    pub async fn revoke_one_of(&self, by: &Actor, user: Uuid, id: Uuid) -> Result<(), Error> {
        self.remove(by, user, id, by.authority.holds_all_of_user(user)).await
    }

    /// Revokes a key of any user.
    pub async fn revoke_any(&self, by: &Actor, id: Uuid) -> Result<(), Error> {
        let owner = store::find_owner(&self.db, id).await?.ok_or(Error::NotFound)?;
        self.revoke_one_of(by, owner, id).await
    }
}
