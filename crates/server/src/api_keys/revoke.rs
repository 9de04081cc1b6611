//! `DELETE /auth/keys/{id}`: revokes a key of the caller, effective with the next request.

use axum::extract::State;
use uuid::Uuid;

use super::{ApiKeys, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::http::{IdInPath, NoContent};
use crate::input::Origin;
use crate::keys::Caller;
use crate::sql::Step;

/// Revoke one of your API keys
/// Effective immediately.
#[utoipa::path(delete, path = "/keys/{id}", operation_id = "api_keys.revoke", tag = "keys",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 204, description = "Revoked"),
        (status = 403, description = "An API key cannot revoke keys"),
        (status = 404, description = "Not found, already revoked, or not yours"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn revoke(
    State(keys): State<ApiKeys>,
    caller: Caller,
    origin: Origin,
    IdInPath(id): IdInPath,
) -> Result<NoContent, Error> {
    let actor = Actor::caller(caller.gate, origin);
    keys.remove(&actor, caller.user_id, id, []).await?;
    Ok(NoContent)
}

impl ApiKeys {
    /// Revokes a key of this user, if the preceding steps succeed. Of concurrent calls one succeeds.
    pub(super) async fn remove(
        &self,
        by: &Actor,
        owner: Uuid,
        id: Uuid,
        before: impl IntoIterator<Item = Step>,
    ) -> Result<(), Error> {
        let mut steps: Vec<Step> = before.into_iter().collect();
        steps.extend(store::revoke(owner, id));
        let record = Record::by(by, Event::ApiKeyRevoke).about(owner).detail(id.to_string());
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
