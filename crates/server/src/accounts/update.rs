//! `PATCH /auth/me`: changes the caller's own name, as a merge (RFC 7396): absent keeps, null clears.
//! Nothing else about the account can be set here.

use axum::extract::State;

use super::{Accounts, Name, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Json, JsonBody, json};
use crate::input::{Given, body};
use crate::keys::Caller;
use crate::user::User;

body! {
    /// What may be changed; absent keeps, null clears.
    pub(super) struct UpdateRequest {
        /// Display name.
        name: Given<Name>,
    }
}

/// Changes the caller's own account.
#[utoipa::path(patch, path = "/me", operation_id = "accounts.update", tag = "accounts",
    security(("bearer" = [])),
    request_body = UpdateRequest,
    responses(
        (status = 200, description = "The caller as changed", body = User),
        (status = 401, description = "No token, or one that no longer counts"),
        (status = 422, description = "An invalid name")))]
pub(super) async fn update(
    State(accounts): State<Accounts>,
    caller: Caller,
    JsonBody(request): JsonBody<UpdateRequest>,
) -> Result<Json<User>, Error> {
    accounts.rename(caller.gate, request.name).await.map(json)
}

impl Accounts {
    /// Changes the name of the gate's user.
    pub async fn rename(&self, gate: Gate, name: Given<Name>) -> Result<User, Error> {
        let name = match name {
            Given::Absent => return self.me(gate).await,
            Given::Null => None,
            Given::Value(name) => Some(name),
        };
        store::update_name(&self.db, gate, name.as_ref()).await?.ok_or(Error::NotFound)
    }
}
