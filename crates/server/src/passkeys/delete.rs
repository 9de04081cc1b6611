//! `DELETE /auth/passkeys/{id}`: removes one of the caller's passkeys. Requires recent authentication, so
//! that a thief with a stolen token cannot remove the owner's credentials.

use axum::extract::State;
use uuid::Uuid;

use super::{Passkeys, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::Error;
use crate::gate::{Fresh, Gate, end_devices, signed_in_since};
use crate::http::{IdInPath, NoContent};
use crate::input::Origin;
use crate::keys::Caller;

/// Remove one of your passkeys
///
/// It can no longer be used to sign in; sessions that it began continue.
#[utoipa::path(delete, path = "/passkeys/{id}", operation_id = "passkeys.delete", tag = "passkeys",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The passkey's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No token, one that is no longer valid, or a sign-in that is not recent enough"),
        (status = 404, description = "Not found, or not yours"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn delete(
    State(passkeys): State<Passkeys>,
    caller: Caller,
    origin: Origin,
    IdInPath(id): IdInPath,
) -> Result<NoContent, Error> {
    passkeys.delete(caller.gate, id, origin).await?;
    Ok(NoContent)
}

impl Passkeys {
    /// Removes a passkey of the gate's user.
    pub async fn delete(&self, gate: Gate, id: Uuid, origin: Origin) -> Result<(), Error> {
        let by = Actor::caller(gate, origin);
        let mut steps = vec![signed_in_since(gate, Fresh::of(&self.settings))];
        steps.extend(store::delete(gate, id));
        steps.push(end_devices(gate.user_id));
        steps.extend(self.mail.notify(Notice::PasskeyRemoved, gate.user_id, &by.origin));
        let record = Record::by(&by, Event::PasskeyRemove).about(gate.user_id);
        let record = record.detail(id.to_string());
        self.audit.commit(by.authority, steps, [record]).await?;
        self.mail.wake();
        Ok(())
    }
}
