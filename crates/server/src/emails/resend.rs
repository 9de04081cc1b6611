//! `POST /auth/email/resend`: asks for another link to prove an address. Like a forgotten password it
//! costs one row of the outbox whether or not there is such an account, or one to be proven.

use axum::extract::State;

use super::Emails;
use crate::email::Email;
use crate::error::Error;
use crate::http::{Accepted, JsonBody};
use crate::input::{Draft, Origin, body};
use crate::mail::{Ask, Kind};

body! {
    /// Whose address is to be proven.
    pub(super) struct ResendRequest {
        /// The account's address.
        email: Email,
    }
}

/// Ask for another link to prove an address
///
/// The answer is the same, and takes the same time, whether or not there is such an account and whether
/// or not its address is verified. One address gets five such mails an hour.
#[utoipa::path(post, path = "/email/resend", operation_id = "emails.resend", tag = "emails",
    request_body = ResendRequest,
    responses(
        (status = 202, description = "If there is something to verify, a mail is on its way"),
        (status = 404, description = "This service sends no mail"),
        (status = 422, description = "Not an e-mail address")))]
pub(super) async fn resend(
    State(emails): State<Emails>,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<ResendRequest>>,
) -> Result<Accepted, Error> {
    let ResendRequest { email } = draft.finish()?;
    emails.resend(&email, origin).await?;
    Ok(Accepted)
}

impl Emails {
    /// Asks for a link to prove this address, to be sent if it is an account's and unproven.
    pub async fn resend(&self, email: &Email, origin: Origin) -> Result<(), Error> {
        let ask = Ask::address(Kind::VerifyEmail, email.key(), origin);
        let step = self.mail.ask(&ask).ok_or(Error::MailOff)?;
        let rows = self.db.write(vec![step]).await?;
        self.mail.asked(&ask, rows.first().map_or(&[], Vec::as_slice));
        Ok(())
    }
}
