//! `GET /auth/passkeys`: the caller's passkeys.

use axum::extract::State;

use super::{PasskeyView, Passkeys, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Json, json};
use crate::keys::Caller;

/// List your passkeys
/// Oldest first, at most twenty.
#[utoipa::path(get, path = "/passkeys", operation_id = "passkeys.list", tag = "passkeys",
    security(("bearer" = [])),
    responses((status = 200, description = "Your passkeys", body = [PasskeyView])))]
pub(super) async fn list(
    State(passkeys): State<Passkeys>,
    caller: Caller,
) -> Result<Json<Vec<PasskeyView>>, Error> {
    passkeys.list(caller.gate).await.map(json)
}

impl Passkeys {
    /// The passkeys of the gate's user.
    pub async fn list(&self, gate: Gate) -> Result<Vec<PasskeyView>, Error> {
        Ok(store::list(&self.db, gate).await?)
    }
}
