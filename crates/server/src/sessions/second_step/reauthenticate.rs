//! `POST /auth/reauthenticate`: reauthenticates the user of the current session (RFC 9470 §4). An account
//! with a second factor must use that one: a thief may have the password.

use axum::extract::State;

use crate::audit::{Actor, Event, Record};
use crate::error::{Error, Invalid};
use crate::factors::{Authentication, GivenCode, Method, RecoveryCode};
use crate::gate::{Gate, Via};
use crate::guesses::Guesser;
use crate::http::{Json, JsonBody, json};
use crate::input::{Origin, body};
use crate::keys::Caller;
use crate::passwords::Password;
use crate::sessions::store::{self, Refreshable};
use crate::sessions::{Session, Sessions, Tokens};
use crate::single_use::SixDigits;
use crate::sql::Step;
use crate::user::User;

body! {
    /// One proof of who the user is.
    pub(in crate::sessions) struct ReauthenticateRequest {
        /// The password, for an account without a second factor.
        password: Option<Password> = None,
        /// Six digits of the authenticator app.
        code: Option<SixDigits> = None,
        /// One of the recovery codes.
        recovery_code: Option<RecoveryCode> = None,
    }
}

/// Reauthenticate
///
/// The session continues with a new `auth_time` in its access tokens; the refresh token does not change.
#[utoipa::path(post, path = "/reauthenticate", operation_id = "sessions.reauthenticate", tag = "sessions",
    security(("bearer" = [])),
    request_body = ReauthenticateRequest,
    responses(
        (status = 200, description = "The session's tokens with a new `auth_time`", body = Tokens),
        (status = 401, description = "No token, one that is no longer valid, or a password where a code is required"),
        (status = 403, description = "The password or the code is wrong"),
        (status = 422, description = "No proof was sent, or more than one")))]
pub(in crate::sessions) async fn reauthenticate(
    State(sessions): State<Sessions>,
    caller: Caller,
    origin: Origin,
    JsonBody(body): JsonBody<ReauthenticateRequest>,
) -> Result<Json<Tokens>, Error> {
    let done = match body {
        ReauthenticateRequest { password: Some(password), code: None, recovery_code: None } => {
            sessions.reauthenticate_by_password(caller.gate, password, origin).await
        }
        ReauthenticateRequest { password: None, code, recovery_code } => {
            let given = GivenCode::one_of(code, recovery_code)?;
            sessions.reauthenticate_by_code(caller.gate, given, origin).await
        }
        ReauthenticateRequest { .. } => {
            let why = (
                "must be sent, or code or recovery_code instead, but only one of them".into(),
                "value_error",
            );
            Err(Error::Validation(vec![Invalid::new("body", "password", why)]))
        }
    };
    done.map(json)
}

/// A session whose user has reauthenticated.
#[derive(Debug)]
pub(crate) struct ProvenAgain {
    session: Session,
    user: User,
    gate: Gate,
}

impl ProvenAgain {
    /// The step that records it.
    pub(crate) fn step(&self) -> Step {
        store::update_authentication(self.gate, &self.session.how)
    }

    /// The session's tokens with the new time; the refresh token does not change.
    pub(crate) async fn tokens(self, sessions: &Sessions) -> Result<Tokens, Error> {
        let Session { begun, how, .. } = &self.session;
        let generation = self.session.generation();
        sessions.tokens(begun, generation, how, self.user, self.gate.now).await
    }
}

impl Sessions {
    /// The gate's session after its user has also used this method.
    pub(crate) async fn proven_again(&self, gate: Gate, by: Method) -> Result<ProvenAgain, Error> {
        let found = match gate.via {
            Via::Session => store::find_own(&self.db, gate).await?,
            Via::Imported | Via::Identity | Via::Key(_) => None,
        };
        let Some(Refreshable { mut session, user, .. }) = found else {
            return Err(Error::InvalidToken(
                "This token does not belong to a session of this server.",
            ));
        };
        let methods = session.how.methods.and(by);
        session.how = Authentication { at: gate.now, methods };
        Ok(ProvenAgain { session, user, gate })
    }

    async fn reauthenticate_by_password(
        &self,
        gate: Gate,
        password: Password,
        origin: Origin,
    ) -> Result<Tokens, Error> {
        let again = self.proven_again(gate, Method::Password).await?;
        let proof = self.passwords.confirm(gate, password, &origin).await?;
        if !proof.factors.is_empty() && !self.settings.mfa.is_off() {
            return Err(Error::StaleSignIn {
                max_age: self.settings.step_up_age.as_secs(),
                factor: true,
            });
        }
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::Reauthenticate).about(gate.user_id);
        let steps = vec![crate::passwords::keeps(gate.user_id, &proof.stored), again.step()];
        proof.commit(by.authority, steps, record).await?;
        again.tokens(self).await
    }

    async fn reauthenticate_by_code(
        &self,
        gate: Gate,
        given: GivenCode,
        origin: Origin,
    ) -> Result<Tokens, Error> {
        let factors = self.factors();
        let held = factors.held(gate).await?;
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::Reauthenticate).about(gate.user_id);
        let guesser = Guesser::holder(gate, &by.origin).of_codes();
        let proof = factors.prove(guesser, gate.user_id, &held, given, record.clone()).await?;
        let again = self.proven_again(gate, proof.method).await?;
        proof.commit(by.authority, vec![again.step()], [record]).await?;
        again.tokens(self).await
    }
}
