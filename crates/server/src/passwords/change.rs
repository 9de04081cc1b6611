//! `POST /auth/password`: changes the caller's password; requires the current one, which is protected against
//! guessing as at sign-in. The hash is replaced by compare-and-set, and the other sessions end in the same
//! transaction: of two concurrent changes one wins, and a concurrent sign-in with the old password leaves no
//! session.

use axum::extract::State;

use super::{NewPassword, Password, Passwords, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::{Error, Invalid};
use crate::gate::{Gate, end_devices, end_other_sessions};
use crate::http::{JsonBody, NoContent};
use crate::input::{Draft, Origin, body};
use crate::keys::Caller;
use crate::sql::DbError;

body! {
    /// The current password and the new one.
    pub(super) struct ChangeRequest {
        /// The account's current password.
        current_password: Password,
        /// 8–256 characters, used exactly as sent.
        new_password: NewPassword,
    }
}

/// Change your password
///
/// Your other sessions end; this one continues.
#[utoipa::path(post, path = "/password", operation_id = "passwords.change", tag = "passwords",
    security(("bearer" = [])),
    request_body = ChangeRequest,
    responses(
        (status = 204, description = "The password was changed; all other sessions have ended"),
        (status = 401, description = "No token, or one that is no longer valid"),
        (status = 403, description = "The current password is wrong"),
        (status = 422, description = "The new password is not acceptable, or a field is missing")))]
pub(super) async fn change(
    State(passwords): State<Passwords>,
    caller: Caller,
    origin: Origin,
    JsonBody(mut draft): JsonBody<Draft<ChangeRequest>>,
) -> Result<NoContent, Error> {
    // Checks that do not depend on the user.
    if let (_, Some(new)) = &draft.parts {
        let refusal = passwords.policy.judge(&new.0, None, None).await?;
        draft.fields.note("new_password", refusal);
    }
    let ChangeRequest { current_password, new_password } = draft.finish()?;
    passwords.change(caller.gate, current_password, new_password.0, origin).await?;
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
        if let Some(why) = self.policy.refusal_of(&new, &proof.user) {
            return Err(Error::Validation(vec![Invalid::new("body", "new_password", why)]));
        }
        let hash = self.hash(new).await?;
        let owner = gate.user_id;
        let mut steps = store::replace(owner, &proof.stored, &hash, self.clock.now()).to_vec();
        steps.push(end_other_sessions(gate, "password_changed"));
        steps.push(end_devices(owner));
        let notice = self.mail.notify(Notice::PasswordChanged, owner, &origin);
        let is_notified = notice.is_some();
        steps.extend(notice);
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::PasswordChange).about(owner);
        match proof.commit(by.authority, steps, record).await {
            Ok(_) => {
                if is_notified {
                    self.mail.wake();
                }
                Ok(())
            }
            Err(DbError::Refused(why)) if why == "password_changed" => Err(Error::WrongPassword),
            Err(error) => Err(error.into()),
        }
    }
}
