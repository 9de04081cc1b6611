//! `POST /auth/mfa/recovery-codes`: ten new codes, shown once; older ones become invalid.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Factors, RecoveryCode, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::Error;
use crate::gate::{Fresh, Gate, signed_in_since};
use crate::http::{Json, json};
use crate::input::Origin;
use crate::keys::Caller;
use crate::sql::Step;

/// Number of codes per account.
const COUNT: usize = 10;

/// Ten recovery codes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each can be used once in place of the second factor. They are only shown once.
    pub recovery_codes: Vec<String>,
}

/// Create new recovery codes
///
/// The old codes stop working. Requires a recent sign-in with a second factor, or `POST /auth/reauthenticate`.
#[utoipa::path(post, path = "/mfa/recovery-codes", operation_id = "factors.recovery_codes", tag = "factors",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Ten codes; they are only shown once", body = RecoveryCodes),
        (status = 401, description = "No token, one that is no longer valid, or a sign-in that is not recent enough"),
        (status = 404, description = "Second factors are disabled on this server"),
        (status = 409, description = "The account has no second factor")))]
pub(super) async fn recovery_codes(
    State(factors): State<Factors>,
    caller: Caller,
    origin: Origin,
) -> Result<Json<RecoveryCodes>, Error> {
    factors.renew_codes(caller.gate, origin).await.map(json)
}

impl Factors {
    /// Replaces the codes of the gate's user with ten new ones.
    pub async fn renew_codes(&self, gate: Gate, origin: Origin) -> Result<RecoveryCodes, Error> {
        self.must_be_on()?;
        let by = Actor::caller(gate, origin);
        let (codes, work) = self.new_codes(gate.user_id);
        let fresh = signed_in_since(gate, Fresh::of(&self.settings));
        let mut steps = vec![fresh, store::has_one(gate.user_id)];
        steps.extend(work);
        steps.extend(self.mail.notify(Notice::RecoveryCodesRenewed, gate.user_id, &by.origin));
        let record = Record::by(&by, Event::RecoveryCodesRenew).about(gate.user_id);
        self.audit.commit(by.authority, steps, [record]).await?;
        self.mail.wake();
        Ok(codes)
    }

    /// Ten codes, and the steps that replace the existing ones.
    pub(super) fn new_codes(&self, owner: Uuid) -> (RecoveryCodes, Vec<Step>) {
        let codes: Vec<_> = (0..COUNT).map(|_| RecoveryCode::new(&self.random)).collect();
        let digests = codes.iter().map(|code| code.digest(owner)).collect();
        let steps = store::replace_codes(owner, digests, self.clock.now());
        (RecoveryCodes { recovery_codes: codes.iter().map(RecoveryCode::shown).collect() }, steps)
    }
}
