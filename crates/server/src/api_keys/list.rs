//! `GET /auth/keys`: the caller's keys, newest first. The keys themselves are not stored.

use axum::extract::State;
use uuid::Uuid;

use super::{ApiKey, ApiKeys, store};
use crate::error::Error;
use crate::gate::Authority;
use crate::http::{Json, json};
use crate::keys::Caller;

/// List your API keys
///
/// Newest first, including expired keys.
#[utoipa::path(get, path = "/keys", operation_id = "api_keys.list", tag = "keys",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Your keys", body = [ApiKey]),
        (status = 403, description = "An API key cannot list keys")))]
pub(super) async fn list(
    State(keys): State<ApiKeys>,
    caller: Caller,
) -> Result<Json<Vec<ApiKey>>, Error> {
    keys.list_of(Authority::Caller(caller.gate), caller.user_id).await.map(json)
}

impl ApiKeys {
    /// The keys of a user.
    pub async fn list_of(&self, authority: Authority, owner: Uuid) -> Result<Vec<ApiKey>, Error> {
        store::list(&self.db, authority, owner).await?.ok_or(Error::NotFound)
    }
}
