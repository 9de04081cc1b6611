//! `POST /auth/email`: requests an address change. Nothing changes until the link in a mail to the new
//! address is used. Whether that address is taken is only disclosed in its own mailbox. Requires the password
//! or recent authentication, because the token may be stolen.

use axum::extract::State;

use super::Emails;
use super::letters::BOUND;
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::Error;
use crate::gate::{Fresh, Gate, signed_in_since};
use crate::http::{Accepted, JsonBody};
use crate::input::{Draft, Origin, body};
use crate::keys::Caller;
use crate::mail::{Ask, Kind};
use crate::passwords::{Password, bound_to};

body! {
    /// The new address of the account.
    pub(super) struct ChangeEmailRequest {
        /// The new address.
        email: Email,
        /// The account's password; not required after a recent sign-in.
        password: Option<Password> = None,
    }
}

/// Request an address change
///
/// Sends a link to the new address; `POST /auth/email/verify` with its token makes the change. The old address
/// gets a link that can undo the change for 72 hours. The response is the same if another account has the
/// address.
#[utoipa::path(post, path = "/email", operation_id = "emails.change", tag = "emails",
    security(("bearer" = [])),
    request_body = ChangeEmailRequest,
    responses(
        (status = 202, description = "A mail was sent to the new address"),
        (status = 401, description = "No token, or one that is no longer valid"),
        (status = 403, description = "The password is wrong; or it is missing and the sign-in is not recent enough"),
        (status = 404, description = "This service does not send mail"),
        (status = 422, description = "Not an e-mail address")))]
pub(super) async fn change(
    State(emails): State<Emails>,
    caller: Caller,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<ChangeEmailRequest>>,
) -> Result<Accepted, Error> {
    let ChangeEmailRequest { email, password } = draft.finish()?;
    emails.change(caller.gate, &email, password, origin).await?;
    Ok(Accepted)
}

impl Emails {
    /// Requests a link that gives the gate's user this address.
    pub async fn change(
        &self,
        gate: Gate,
        email: &Email,
        password: Option<Password>,
        origin: Origin,
    ) -> Result<(), Error> {
        let ask = Ask::address(Kind::ConfirmEmail, email.key(), origin.clone())
            .with(Ask::USER, gate.user_id.to_string())
            .with(Ask::ADDRESS, email.as_str());
        if !self.mail.is_on() {
            return Err(Error::MailOff);
        }
        let by = Actor::caller(gate, origin);
        let record = Record::by(&by, Event::EmailChangeAsk).about(gate.user_id);
        if let Some(password) = password {
            let proof = self.passwords.confirm(gate, password, &by.origin).await?;
            let bound = bound_to(Some(&proof.stored), proof.user.email.as_deref());
            let steps = self.mail.ask(&ask.with(BOUND, bound)).into_iter().collect();
            proof.commit(by.authority, steps, record).await?;
        } else {
            let mut steps = vec![signed_in_since(gate, Fresh::of(&self.settings))];
            steps.extend(self.mail.ask(&ask));
            self.audit.commit(by.authority, steps, [record]).await?;
        }
        self.mail.wake();
        Ok(())
    }
}
