//! `POST /auth/password/forgot`: requests a mail with a link to set a new password. The request adds one row
//! to the outbox whether or not there is such an account, so neither the response nor its timing discloses
//! it; the recipient is looked up just before sending.

use axum::extract::State;
use uuid::Uuid;

use super::Passwords;
use super::reset::bound_to;
use super::store::{self, FoundUser};
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::Error;
use crate::gate::Standing;
use crate::http::{Accepted, JsonBody};
use crate::input::{Draft, Origin, body};
use crate::mail::{About, Ask, Composed, Kind, Letter, MailOrder};
use crate::single_use::{NewSecret, Purpose};
use crate::username::LoginName;

body! {
    /// The account whose password was forgotten.
    pub(super) struct ForgotRequest {
        /// The account's address.
        email: Email,
    }
}

/// Request a password reset
///
/// The response and its timing are the same whether or not the account exists. An address gets at most five
/// such mails an hour.
#[utoipa::path(post, path = "/password/forgot", operation_id = "passwords.forgot", tag = "passwords",
    request_body = ForgotRequest,
    responses(
        (status = 202, description = "A mail is sent if the account exists"),
        (status = 404, description = "This service does not send mail"),
        (status = 422, description = "Not an e-mail address")))]
pub(super) async fn forgot(
    State(passwords): State<Passwords>,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<ForgotRequest>>,
) -> Result<Accepted, Error> {
    let ForgotRequest { email } = draft.finish()?;
    passwords.forgot(&email, origin).await?;
    Ok(Accepted)
}

impl Passwords {
    /// Requests a link to set a new password, to be sent to this address if it belongs to an account.
    pub async fn forgot(&self, email: &Email, origin: Origin) -> Result<(), Error> {
        let record = Record::from(&origin, Event::PasswordForgot);
        let ask = Ask::address(Kind::ResetPassword, email.key(), origin);
        let step = self.mail.ask(&ask).ok_or(Error::MailOff)?;
        let rows = self.db.write(vec![step]).await?;
        self.audit.note(record);
        self.mail.asked(&ask, rows.first().map_or(&[], Vec::as_slice));
        Ok(())
    }

    /// Requests the same for this account, for an operator; returns the mail's id. Fails as if mail were off
    /// if the mailbox has reached its limit.
    pub async fn send_reset(&self, by: &Actor, user: Uuid) -> Result<Uuid, Error> {
        let ask = Ask::user(Kind::ResetPassword, user, Origin::default());
        let step = self.mail.ask(&ask).ok_or(Error::MailOff)?;
        let record = Record::by(by, Event::PasswordForgot).about(user);
        let rows = self.audit.commit(by.authority, vec![step], [record]).await?;
        let taken = rows.first().and_then(|rows| rows.first()).ok_or(Error::MailOff)?;
        Ok(taken.read()?)
    }

    /// The mail with the link. Disabled and banned users, who could not sign in, get none.
    pub(crate) async fn reset_letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let read = match &order.ask.about {
            About::User(id) => store::find_by_id(*id),
            About::Address(key) => store::find(Email::parse(key).map(LoginName::Email).as_ref()),
        };
        let Some(FoundUser { user, hash, banned_until, .. }) = self.db.find(read).await? else {
            return Ok(Composed::Nothing);
        };
        let standing = Standing::of(user.is_active, banned_until, self.clock.now());
        let Some(email) = user.email.as_deref().filter(|_| standing == Standing::Active) else {
            return Ok(Composed::Nothing);
        };
        let bound = bound_to(hash.as_deref(), Some(email));
        let lives = self.reset_ttl;
        let new = NewSecret {
            purpose: Purpose::ResetPassword,
            user: Some(user.id),
            bound: Some(&bound),
            lives,
        };
        let (token, step) = self.single_use.make(new);
        let letter = Letter {
            name: user.name.clone().filter(|_| user.email_verified),
            token: Some(token.into_secret()),
            valid_for: Some(lives),
            locale: user.locale.clone(),
            ..Letter::new(Kind::ResetPassword, email)
        };
        Ok(Composed::Letter { letter: Box::new(letter), user: Some(user.id), steps: vec![step] })
    }
}
