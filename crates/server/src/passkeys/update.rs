//! `PATCH /auth/passkeys/{id}`: renames one of the caller's passkeys.

use axum::extract::State;
use uuid::Uuid;

use super::{PasskeyName, PasskeyView, Passkeys, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{IdInPath, Json, JsonBody, json};
use crate::input::{Origin, body};
use crate::keys::Caller;

body! {
    /// A new name for a passkey.
    pub(super) struct UpdatePasskeyRequest {
        /// 1–100 characters.
        name: PasskeyName,
    }
}

/// Rename one of your passkeys
#[utoipa::path(patch, path = "/passkeys/{id}", operation_id = "passkeys.update", tag = "passkeys",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The passkey's id")),
    request_body = UpdatePasskeyRequest,
    responses(
        (status = 200, description = "The changed passkey", body = PasskeyView),
        (status = 404, description = "Not found, or not yours"),
        (status = 422, description = "The name is missing, blank or too long")))]
pub(super) async fn update(
    State(passkeys): State<Passkeys>,
    caller: Caller,
    origin: Origin,
    IdInPath(id): IdInPath,
    JsonBody(request): JsonBody<UpdatePasskeyRequest>,
) -> Result<Json<PasskeyView>, Error> {
    passkeys.update(caller.gate, id, &request.name, origin).await.map(json)
}

impl Passkeys {
    /// Renames a passkey of the gate's user.
    pub async fn update(
        &self,
        gate: Gate,
        id: Uuid,
        name: &PasskeyName,
        origin: Origin,
    ) -> Result<PasskeyView, Error> {
        let by = Actor::caller(gate, origin);
        let [is_own, rename] = store::rename(gate, id, name);
        let record = Record::by(&by, Event::PasskeyRename).about(gate.user_id);
        let record = record.detail(id.to_string());
        let rows = self.audit.commit(by.authority, vec![is_own, rename], [record]).await?;
        let row = rows.get(1).and_then(|found| found.first()).ok_or(Error::NotFound)?;
        Ok(row.read()?)
    }
}
