//! `GET /auth/me`: the caller's own account, read in the same round trip as the session check.

use axum::extract::State;

use super::{Accounts, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Json, json};
use crate::keys::Caller;
use crate::user::User;

/// Show your account
#[utoipa::path(get, path = "/me", operation_id = "accounts.me", tag = "accounts",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The caller", body = User),
        (status = 401, description = "No token, or one that is no longer valid")))]
pub(super) async fn me(
    State(accounts): State<Accounts>,
    caller: Caller,
) -> Result<Json<User>, Error> {
    accounts.me(caller.gate).await.map(json)
}

impl Accounts {
    /// The gate's user.
    pub async fn me(&self, gate: Gate) -> Result<User, Error> {
        store::find_own(&self.db, gate).await?.ok_or(Error::NotFound)
    }
}
