//! `POST /auth/login/code`: requests a mail with a code and a link to sign in. The request inserts the same
//! two rows whether or not there is such an account: a mail in the outbox, and an expected code.

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Codes;
use crate::audit::{Event, Record};
use crate::email::Email;
use crate::error::Error;
use crate::http::{AcceptedWith, JsonBody};
use crate::input::{Draft, Origin, body};
use crate::mail::{Ask, Kind};
use crate::single_use::{CodeChallenge, CodeClient, Purpose};
use crate::sql::DbError;

/// Lifetime of a code and its link.
pub(super) const LIVES: Duration = Duration::from_mins(10);
/// Keys of the mail order: the value given to the client, and the address as entered.
pub(super) const CHALLENGE: &str = "challenge";
pub(super) const ADDRESS: &str = "address";
/// Present if only an existing account gets the mail.
pub(super) const KNOWN_ONLY: &str = "known_only";

body! {
    /// The account to sign in to.
    pub(super) struct LoginCodeRequest {
        /// The account's address; with open registration, any address.
        email: Email,
        /// Whether an address without an account gets a code too, if registration allows it.
        create_account: Option<bool> = None,
    }
}

/// What the client needs to use the code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Challenged {
    /// Send it with the code to show that the same client requested it. A random value for every address.
    pub challenge: String,
    /// Seconds until the code expires.
    pub expires_in: u64,
}

/// Request a code and a link to sign in
///
/// One mail has both. The response and its timing are the same whether or not the account exists. With open
/// registration, an address without an account gets a code too, and using it creates the account. An address
/// gets at most five such mails an hour, and each replaces the previous code.
#[utoipa::path(post, path = "/login/code", operation_id = "codes.code", tag = "sessions",
    request_body = LoginCodeRequest,
    responses(
        (status = 202, description = "A mail is sent if the address can sign in", body = Challenged),
        (status = 404, description = "`LOGIN_CODES` is off"),
        (status = 422, description = "Not an e-mail address")))]
pub(super) async fn code(
    State(codes): State<Codes>,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<LoginCodeRequest>>,
) -> Result<AcceptedWith<Challenged>, Error> {
    codes.check_on()?;
    let LoginCodeRequest { email, create_account } = draft.finish()?;
    codes.ask(&email, create_account.unwrap_or(true), origin).await.map(AcceptedWith)
}

impl Codes {
    /// Requests a code for this address, to be sent if it can be used to sign in; for a new account only if
    /// one may be created.
    pub async fn ask(
        &self,
        email: &Email,
        may_make: bool,
        origin: Origin,
    ) -> Result<Challenged, Error> {
        let record = Record::from(&origin, Event::LoginCodeAsk);
        let challenge = CodeChallenge::new(&self.random);
        let ip = origin.ip;
        let mut ask = Ask::address(Kind::LoginCode, email.key(), origin)
            .with(CHALLENGE, challenge.as_str())
            .with(ADDRESS, email.as_str());
        if !may_make {
            ask = ask.with(KNOWN_ONLY, "true");
        }
        let mut steps = self.mail.ask_or_refuse(&ask).ok_or(Error::MailOff)?.to_vec();
        let client = CodeClient { mailbox: email.key(), challenge: Some(&challenge), network: ip };
        steps.extend(self.single_use.await_code(Purpose::SignIn, client, LIVES));
        let rows = match self.db.write(steps).await {
            Ok(rows) => rows,
            // The mailbox or client has reached its limit; the previous code stays valid.
            Err(DbError::Refused(why)) if why == "mail_dropped" => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        self.audit.note(record);
        self.mail.asked(&ask, rows.first().map_or(&[], Vec::as_slice));
        let challenge = challenge.as_str().to_owned();
        Ok(Challenged { challenge, expires_in: LIVES.as_secs() })
    }
}
