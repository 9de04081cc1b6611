//! `POST /auth/email/resend`: requests another verification link. As for a forgotten password, it adds one
//! row to the outbox whether or not there is such an account.

use axum::body::HttpBody;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::header;

use super::Emails;
use crate::email::Email;
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Accepted, JsonBody};
use crate::input::{Draft, Origin, body};
use crate::keys::Caller;
use crate::mail::{Ask, Kind};

body! {
    /// The account whose address is to be verified.
    pub(super) struct ResendRequest {
        /// The account's address.
        email: Email,
    }
}

/// Request another verification mail
///
/// Without a body, the mail goes to the account of the bearer token. With a body, the response and its timing
/// are the same whether or not the account exists and whether or not its address is verified. An address gets
/// at most five such mails an hour.
#[utoipa::path(post, path = "/email/resend", operation_id = "emails.resend", tag = "emails",
    security((), ("bearer" = [])),
    request_body = Option<ResendRequest>,
    responses(
        (status = 202, description = "A mail is sent if there is an address to verify"),
        (status = 401, description = "No body, and no valid token"),
        (status = 404, description = "This service does not send mail"),
        (status = 422, description = "Not an e-mail address")))]
pub(super) async fn resend(
    State(emails): State<Emails>,
    origin: Origin,
    whose: WhoseAddress,
) -> Result<Accepted, Error> {
    match whose {
        WhoseAddress::Typed(JsonBody(draft)) => {
            let ResendRequest { email } = draft.finish()?;
            emails.resend(&email, origin).await?;
        }
        WhoseAddress::Own(caller) => emails.resend_own(caller.gate, origin).await?,
    }
    Ok(Accepted)
}

/// The account whose address is to be verified.
pub(super) enum WhoseAddress {
    /// The address in the body.
    Typed(JsonBody<Draft<ResendRequest>>),
    /// That of the caller.
    Own(Caller),
}

impl FromRequest<Emails> for WhoseAddress {
    type Rejection = Error;

    async fn from_request(request: Request, emails: &Emails) -> Result<Self, Error> {
        let is_alone =
            request.body().is_end_stream() && request.headers().contains_key(header::AUTHORIZATION);
        if !is_alone {
            return JsonBody::from_request(request, emails).await.map(Self::Typed);
        }
        let (mut parts, _) = request.into_parts();
        Caller::from_request_parts(&mut parts, emails).await.map(Self::Own)
    }
}

impl Emails {
    /// Requests a verification link for this address, to be sent if it belongs to an account and is
    /// unverified.
    pub async fn resend(&self, email: &Email, origin: Origin) -> Result<(), Error> {
        let ask = Ask::address(Kind::VerifyEmail, email.key(), origin);
        let step = self.mail.ask(&ask).ok_or(Error::MailOff)?;
        let rows = self.db.write(vec![step]).await?;
        self.mail.asked(&ask, rows.first().map_or(&[], Vec::as_slice));
        Ok(())
    }

    /// Requests a verification link for the gate's user, to be sent if the address is unverified.
    pub async fn resend_own(&self, gate: Gate, origin: Origin) -> Result<(), Error> {
        let ask = Ask::user(Kind::VerifyEmail, gate.user_id, origin);
        let step = self.mail.ask(&ask).ok_or(Error::MailOff)?;
        let rows = self.db.write_all_as(gate, vec![step]).await?;
        self.mail.asked(&ask, rows.first().map_or(&[], Vec::as_slice));
        Ok(())
    }
}
