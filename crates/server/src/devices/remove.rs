//! `DELETE /auth/devices/{id}` removes a trusted device, `DELETE /auth/devices` all of them. Neither requires
//! recent authentication, because they make the account safer and may be urgent.

use axum::extract::State;
use uuid::Uuid;

use super::{Devices, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::{Gate, end_devices, user_exists};
use crate::http::{IdInPath, NoContent};
use crate::input::Origin;
use crate::keys::Caller;

/// Remove a trusted device
///
/// Its next sign-in requires the second step again. Its sessions continue; end them with `DELETE
/// /auth/sessions/{id}`.
#[utoipa::path(delete, path = "/devices/{id}", operation_id = "devices.remove", tag = "factors",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The device's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "Not found, or not yours"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn remove(
    State(devices): State<Devices>,
    caller: Caller,
    origin: Origin,
    IdInPath(id): IdInPath,
) -> Result<NoContent, Error> {
    devices.remove(caller.gate, id, origin).await?;
    Ok(NoContent)
}

/// Remove all your trusted devices
/// Every sign-in requires the second step again.
#[utoipa::path(delete, path = "/devices", operation_id = "devices.remove_all", tag = "factors",
    security(("bearer" = [])),
    responses((status = 204, description = "The devices were removed")))]
pub(super) async fn remove_all(
    State(devices): State<Devices>,
    caller: Caller,
    origin: Origin,
) -> Result<NoContent, Error> {
    let by = Actor::caller(caller.gate, origin);
    devices.remove_all(&by, caller.user_id).await?;
    Ok(NoContent)
}

impl Devices {
    /// Removes a device of the gate's user.
    pub async fn remove(&self, gate: Gate, id: Uuid, origin: Origin) -> Result<(), Error> {
        self.remove_of(&Actor::caller(gate, origin), gate.user_id, id).await
    }

    /// Removes a device of a user.
    pub async fn remove_of(&self, by: &Actor, owner: Uuid, id: Uuid) -> Result<(), Error> {
        let record = Record::by(by, Event::DeviceForget).about(owner).detail(id.to_string());
        self.audit.commit(by.authority, store::delete(owner, id).to_vec(), [record]).await?;
        Ok(())
    }

    /// Removes all devices of a user.
    pub async fn remove_all(&self, by: &Actor, owner: Uuid) -> Result<(), Error> {
        let steps = vec![user_exists(owner), end_devices(owner)];
        let record = Record::by(by, Event::DeviceForget).about(owner).detail("all");
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
