//! `DELETE /auth/mfa/{id}`: removes a factor; requires recent authentication with two factors. `doorward user
//! reset-factors` removes all factors of a user who has lost them.

use axum::extract::State;
use uuid::Uuid;

use super::{Factors, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::Error;
use crate::gate::{
    Fresh, Gate, end_devices, end_factors, end_passkeys, end_sessions, signed_in_since, user_exists,
};
use crate::http::{IdInPath, NoContent};
use crate::input::Origin;
use crate::keys::Caller;

/// Remove a second factor
///
/// The recovery codes are removed with the last factor. Requires a recent sign-in with a second factor, or
/// `POST /auth/reauthenticate`.
#[utoipa::path(delete, path = "/mfa/{id}", operation_id = "factors.remove", tag = "factors",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The factor's id")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No token, one that is no longer valid, or a sign-in that is not recent enough"),
        (status = 404, description = "Not found, or not yours"),
        (status = 409, description = "The account requires a second factor, and this is its last one"),
        (status = 422, description = "The id is not a UUID")))]
pub(super) async fn remove(
    State(factors): State<Factors>,
    caller: Caller,
    origin: Origin,
    IdInPath(id): IdInPath,
) -> Result<NoContent, Error> {
    factors.remove(caller.gate, id, origin).await?;
    Ok(NoContent)
}

impl Factors {
    /// Removes a factor of the gate's user.
    pub async fn remove(&self, gate: Gate, id: Uuid, origin: Origin) -> Result<(), Error> {
        let owner = gate.user_id;
        let user = self.accounts().me(gate).await?;
        let by = Actor::caller(gate, origin);
        let mut steps = vec![signed_in_since(gate, Fresh::of(&self.settings))];
        steps.extend(store::delete(owner, id));
        steps.push(end_devices(owner));
        let notice = self.mail.notify(Notice::FactorRemoved, owner, &by.origin);
        steps.extend(notice);
        if self.settings.requires_factor(&user.roles) {
            steps.push(store::has_one(owner));
        }
        let record = Record::by(&by, Event::FactorRemove).about(owner);
        self.audit.commit(by.authority, steps, [record]).await?;
        self.mail.wake();
        Ok(())
    }

    /// Removes all factors, passkeys, recovery codes and trusted devices of an account, and ends its
    /// sessions.
    pub async fn reset(&self, by: &Actor, owner: Uuid) -> Result<(), Error> {
        let mut steps = vec![user_exists(owner)];
        steps.extend(end_factors(owner));
        steps.push(end_passkeys(owner));
        steps.push(end_sessions(owner, self.clock.now(), "factors_reset"));
        steps.extend(self.mail.notify(Notice::FactorsReset, owner, &Origin::default()));
        let record = Record::by(by, Event::FactorsReset).about(owner);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
