//! `POST /auth/mfa/totp/confirm`: activates an authenticator app with its first code. In a session this also
//! counts as reauthentication; with the `mfa_token` of a sign-in that requires a factor, it creates the
//! session. Older sessions end when the first factor is added, since they started without it.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Completed;
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::Error;
use crate::factors::{Enroller, Method, RecoveryCodes, SecondStep, not_valid};
use crate::gate::{Authority, Fresh, end_devices, end_other_sessions, signed_in_since};
use crate::http::{Json, JsonBody, json};
use crate::input::{Origin, body};
use crate::sessions::{Sessions, Tokens};
use crate::single_use::{OneTimeToken, SixDigits};
use crate::sql::DbError;

body! {
    /// The first code of an authenticator app.
    pub(in crate::sessions) struct ConfirmRequest {
        /// The id that adding it returned.
        id: Uuid,
        /// The six digits that the app shows.
        code: SixDigits,
    }
}

/// A confirmed authenticator app.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::sessions) struct ConfirmedFactor {
    /// Its id.
    #[schema(value_type = String)]
    id: Uuid,
    /// Ten recovery codes, if the account had none; they are only shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recovery_codes: Option<Vec<String>>,
    /// New tokens: of the current session, or of the session that the `mfa_token` starts.
    tokens: Tokens,
}

/// Confirm an authenticator app
///
/// The account's other sessions end if it is its first factor.
#[utoipa::path(post, path = "/mfa/totp/confirm", operation_id = "factors.confirm", tag = "factors",
    security(("bearer" = [])),
    request_body = ConfirmRequest,
    responses(
        (status = 200, description = "The factor is active from now on", body = ConfirmedFactor),
        (status = 401, description = "No token, one that is no longer valid, or a sign-in that is not recent enough"),
        (status = 403, description = "The code is wrong"),
        (status = 404, description = "No such unconfirmed app, or it is not yours"),
        (status = 422, description = "A field is missing or malformed")))]
pub(in crate::sessions) async fn confirm(
    State(sessions): State<Sessions>,
    enroller: Enroller,
    origin: Origin,
    JsonBody(body): JsonBody<ConfirmRequest>,
) -> Result<Json<ConfirmedFactor>, Error> {
    let ConfirmRequest { id, code } = body;
    let (tokens, codes) = match enroller {
        Enroller::Caller(caller) => {
            let by = Actor::caller(caller.gate, origin);
            sessions.confirm_factor(&by, caller.gate, id, &code).await?
        }
        Enroller::FirstStep(token) => {
            sessions.begin_with_new_factor(&token, id, &code, &origin).await?
        }
    };
    let recovery_codes = codes.map(|codes| codes.recovery_codes);
    Ok(json(ConfirmedFactor { id, recovery_codes, tokens }))
}

impl Sessions {
    /// Activates an app of the gate's user.
    async fn confirm_factor(
        &self,
        by: &Actor,
        gate: crate::gate::Gate,
        id: Uuid,
        code: &SixDigits,
    ) -> Result<(Tokens, Option<RecoveryCodes>), Error> {
        let owner = gate.user_id;
        let confirmed = self.factors().confirmation(by.authority, owner, id, code).await?;
        let mut steps = vec![signed_in_since(gate, Fresh::of(&self.settings))];
        steps.extend(confirmed.steps);
        if confirmed.is_first {
            steps.push(end_other_sessions(gate, "factor_added"));
        }
        let again = self.proven_again(gate, Method::Totp).await?;
        steps.push(again.step());
        steps.push(end_devices(owner));
        steps.extend(self.mail.notify(Notice::FactorAdded, owner, &by.origin));
        let record = Record::by(by, Event::FactorConfirm).about(owner);
        self.audit.commit(by.authority, steps, [record]).await?;
        self.mail.wake();
        Ok((again.tokens(self).await?, confirmed.codes))
    }

    /// Creates the session of a sign-in that requires a factor, with the first code of the one added.
    async fn begin_with_new_factor(
        &self,
        token: &OneTimeToken,
        id: Uuid,
        code: &SixDigits,
        origin: &Origin,
    ) -> Result<(Tokens, Option<RecoveryCodes>), Error> {
        let factors = self.factors();
        let first = factors.first_step(token, SecondStep::Enrol).await?;
        let (user, by) = (first.user.id, Authority::Operator);
        let confirmed = factors.confirmation(by, user, id, code).await?;
        let Completed { session, steps, record } = self.complete(&first, Method::Totp, origin);
        let mut work = confirmed.steps;
        if confirmed.is_first {
            work.push(crate::gate::end_sessions(user, self.clock.now(), "factor_added"));
        }
        work.push(end_devices(user));
        work.extend(self.mail.notify(Notice::FactorAdded, user, origin));
        work.extend(steps);
        let added = Record::from(origin, Event::FactorConfirm).about(user);
        match self.audit.commit(by, work, [added, record]).await {
            Ok(_) => self.mail.wake(),
            Err(DbError::Refused(why)) if ["link_used", "user_changed"].contains(&&*why) => {
                return Err(not_valid());
            }
            Err(error) => return Err(error.into()),
        }
        Ok((self.first_tokens(&session, first.user).await?, confirmed.codes))
    }
}
