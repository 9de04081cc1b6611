//! `POST /auth/mfa/verify`: exchanges the `mfa_token` of a sign-in and a code for the tokens of its session.

use axum::extract::State;

use super::Completed;
use crate::audit::{Event, Record};
use crate::error::Error;
use crate::factors::{GivenCode, RecoveryCode, SecondStep, not_valid};
use crate::gate::Authority;
use crate::http::{Json, JsonBody, json};
use crate::input::{Origin, body};
use crate::metrics::SignInMethod;
use crate::sessions::counted;
use crate::sessions::{Sessions, Tokens};
use crate::single_use::{OneTimeToken, SixDigits};
use crate::sql::DbError;

body! {
    /// The second step of a sign-in: one of the two codes.
    pub(in crate::sessions) struct VerifyRequest {
        /// The token that the first step returned.
        mfa_token: OneTimeToken,
        /// Six digits of the authenticator app.
        code: Option<SixDigits> = None,
        /// One of the recovery codes.
        recovery_code: Option<RecoveryCode> = None,
        /// Whether to trust this device, so that its next sign-ins need no second step. If that is enabled
        /// (`TRUSTED_DEVICES`), the response has a `device_token`.
        remember_device: bool = false,
    }
}

/// Complete a sign-in with a code
///
/// After a wrong code the `mfa_token` can be used again; after five wrong codes in a row, further attempts are
/// delayed.
#[utoipa::path(post, path = "/mfa/verify", operation_id = "factors.verify", tag = "factors",
    request_body = VerifyRequest,
    responses(
        (status = 200, description = "The tokens of a new session", body = Tokens),
        (status = 401, description = "The `mfa_token` is not valid, was used or has expired"),
        (status = 403, description = "The code is wrong or was used before"),
        (status = 404, description = "Second factors are disabled on this server"),
        (status = 422, description = "A field is missing or malformed")))]
pub(in crate::sessions) async fn verify(
    State(sessions): State<Sessions>,
    origin: Origin,
    JsonBody(body): JsonBody<VerifyRequest>,
) -> Result<Json<Tokens>, Error> {
    let given = GivenCode::one_of(body.code, body.recovery_code)?;
    sessions.verify_factor(&body.mfa_token, given, body.remember_device, &origin).await.map(json)
}

impl Sessions {
    /// Creates the session of the sign-in that the token belongs to.
    pub(crate) async fn verify_factor(
        &self,
        token: &OneTimeToken,
        given: GivenCode,
        remembers: bool,
        origin: &Origin,
    ) -> Result<Tokens, Error> {
        let answer = self.try_factor(token, given, remembers, origin).await;
        counted(self.db.metrics(), SignInMethod::SecondStep, answer)
    }

    async fn try_factor(
        &self,
        token: &OneTimeToken,
        given: GivenCode,
        remembers: bool,
        origin: &Origin,
    ) -> Result<Tokens, Error> {
        let factors = self.factors();
        let first = factors.first_step(token, SecondStep::Verify).await?;
        let user = first.user.id;
        let guesser = self.passwords.guesses.of_codes(user, origin);
        let wrong = Record::from(origin, Event::FactorVerify).about(user);
        let proof = factors.prove(guesser, user, &first.held, given, wrong).await?;
        let Completed { session, mut steps, record } = self.complete(&first, proof.method, origin);
        let mut records = vec![record];
        let new =
            remembers.then(|| self.devices().trust(&first.user, first.hash.as_deref(), origin));
        let device = new.flatten().map(|new| new.into_parts(&mut steps, &mut records));
        match proof.commit(Authority::Operator, steps, records).await {
            Ok(()) => {
                self.mail.wake();
                Ok(self.first_tokens(&session, first.user).await?.on_trusted(device))
            }
            Err(DbError::Refused(why)) if ["link_used", "user_changed"].contains(&&*why) => {
                Err(not_valid())
            }
            Err(error) => Err(error.into()),
        }
    }
}
