//! `POST /auth/password`: changes the own password against the present one, which is guarded against
//! guessing like at sign-in. The hash is replaced by compare-and-set and the other sessions end in the
//! same transaction: of two changes at once one wins, and a sign-in with the old password that races
//! it leaves nothing alive.

use axum::extract::State;
use utoipa::ToSchema;

use super::{Password, Passwords, store};
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::{Error, Invalid};
use crate::gate::{Gate, end_other_sessions};
use crate::http::{JsonBody, NoContent};
use crate::input::{Fields, Origin};
use crate::keys::Caller;
use crate::sql::DbError;

/// The present password and the one that shall take its place.
#[derive(Debug, ToSchema)]
struct ChangeRequest {
    /// The account's present password.
    #[schema(value_type = String, format = "password")]
    current_password: Password,
    /// 8–256 characters, taken exactly as sent.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 256)]
    new_password: Password,
}

impl ChangeRequest {
    /// What can be said of it before it is known whose password it is.
    async fn read(mut fields: Fields, passwords: &Passwords) -> Result<Self, Error> {
        let current: Option<Password> = fields.required("current_password");
        let new: Option<Password> = fields.required("new_password");
        if let Some(new) = &new {
            fields.note("new_password", passwords.policy.judge(new, None).await?);
        }
        fields.finish()?;
        let (Some(current_password), Some(new_password)) = (current, new) else {
            return Err(Error::Internal("a required field vanished".into()));
        };
        Ok(Self { current_password, new_password })
    }
}

/// Change your password
///
/// Your other sessions end; the one that asks goes on.
#[utoipa::path(post, path = "/password", operation_id = "passwords.change", tag = "passwords",
    security(("bearer" = [])),
    request_body = ChangeRequest,
    responses(
        (status = 204, description = "Changed; the other sessions have ended"),
        (status = 401, description = "No token, or one that no longer counts"),
        (status = 403, description = "The present password is wrong"),
        (status = 422, description = "The new password is not acceptable, or a field is missing")))]
pub(super) async fn change(
    State(passwords): State<Passwords>,
    caller: Caller,
    origin: Origin,
    JsonBody(fields): JsonBody,
) -> Result<NoContent, Error> {
    let request = ChangeRequest::read(fields, &passwords).await?;
    let (current, new) = (request.current_password, request.new_password);
    passwords.change(caller.gate, current, new, origin).await?;
    Ok(NoContent)
}

impl Passwords {
    /// Changes the password of the gate's user, and ends their other sessions.
    pub async fn change(
        &self,
        gate: Gate,
        current: Password,
        new: Password,
        origin: Origin,
    ) -> Result<(), Error> {
        let proof = self.confirm(gate, current, &origin).await?;
        let email = proof.user.email.as_deref().and_then(Email::parse);
        if let Some(why) = self.policy.refusal(&new, email.as_ref()) {
            return Err(Error::Validation(vec![Invalid::new("body", "new_password", why)]));
        }
        let hash = self.hash(new).await?;
        let owner = gate.user_id;
        let mut steps = store::replace(owner, &proof.user.hash, &hash, self.clock.now()).to_vec();
        steps.push(end_other_sessions(gate, "password_changed"));
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::PasswordChange).about(owner);
        match proof.commit(by.authority, steps, record).await {
            Ok(()) => Ok(()),
            Err(DbError::Refused(why)) if why == "password_changed" => Err(Error::WrongPassword),
            Err(error) => Err(error.into()),
        }
    }
}
