//! `POST /auth/email/verify`: verifies an address with the link that was mailed to it, once: the account's
//! own address, or the one it is to change to.

use axum::extract::State;

use super::Emails;
use super::store::{self, Addressee};
use crate::audit::{Event, Record};
use crate::db::Row;
use crate::email::Email;
use crate::error::Error;
use crate::gate::Authority;
use crate::http::{JsonBody, NoContent};
use crate::input::{Draft, Origin, body};
use crate::mail::Ask;
use crate::passwords::bound_to;
use crate::single_use::{OTHER_LINKS, OneTimeToken, Opened, Purpose};
use crate::sql::DbError;

body! {
    /// The token of a link in a mail.
    pub(super) struct VerifyEmailRequest {
        /// The token at the end of the link in the mail.
        token: OneTimeToken,
    }
}

/// Verify an address with the token from a mail
///
/// The token works once. The token of an address change makes the change.
#[utoipa::path(post, path = "/email/verify", operation_id = "emails.verify", tag = "emails",
    request_body = VerifyEmailRequest,
    responses(
        (status = 204, description = "The address is verified"),
        (status = 400, description = "The link is not valid, was used or has expired"),
        (status = 409, description = "Another account has taken the new address in the meantime")))]
pub(super) async fn verify(
    State(emails): State<Emails>,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<VerifyEmailRequest>>,
) -> Result<NoContent, Error> {
    let VerifyEmailRequest { token } = draft.finish()?;
    emails.verify(&token, &origin).await?;
    Ok(NoContent)
}

impl Emails {
    /// Marks the address that the token was mailed to as verified; makes it the account's address if it was
    /// requested as a change.
    pub async fn verify(&self, token: &OneTimeToken, origin: &Origin) -> Result<(), Error> {
        let looks = [Purpose::VerifyEmail, Purpose::ConfirmEmail];
        let looks = looks.map(|purpose| self.single_use.look(purpose, token)).to_vec();
        let rows = self.db.write(looks).await?;
        let read = |at: usize| rows.get(at)?.first().map(Row::read::<Opened>);
        let now = self.clock.now();
        if let Some(found) = read(1).transpose()? {
            return self.confirm(Opened::usable(Some(found), now)?, origin).await;
        }
        let opened = Opened::usable(read(0).transpose()?, now)?;
        let Opened { user_id: Some(id), bound: Some(key), .. } = &opened else {
            return Err(Error::Internal("a link to prove an address without one".into()));
        };
        let mut steps = self.single_use.claim(Purpose::VerifyEmail, &opened).to_vec();
        steps.extend(store::verify(*id, key, now));
        let record = Record::from(origin, Event::EmailVerify).about(*id);
        self.audit.commit(Authority::Operator, steps, [record]).await?;
        Ok(())
    }

    /// Gives the account the address that the link was mailed to, and sends the old address a link to undo
    /// it.
    async fn confirm(&self, opened: Opened, origin: &Origin) -> Result<(), Error> {
        let stale = || {
            Error::InvalidLink(
                "This link is no longer valid because the account has changed: request a new one.",
            )
        };
        let (Some(id), Some(bound)) = (opened.user_id, &opened.bound) else { return Err(stale()) };
        let (bound, email) = bound.split_once(' ').ok_or_else(stale)?;
        let email = Email::parse(email).ok_or_else(stale)?;
        let found = self.db.find::<Addressee>(store::find(id)).await?.ok_or_else(stale)?;
        if bound_to(found.hash.as_deref(), found.user.email.as_deref()) != bound {
            return Err(stale());
        }
        let now = self.clock.now();
        let mut steps = self.single_use.claim(Purpose::ConfirmEmail, &opened).to_vec();
        steps.extend(store::change(&found, &email, now));
        steps.extend(OTHER_LINKS.map(|purpose| self.single_use.withdraw(id, purpose)));
        let old = found.user.email.as_deref().and_then(Email::parse);
        if let Some(old) = old.filter(|old| old.key() != email.key()) {
            steps.extend(self.mail.ask(&Ask::email_changed(id, &old, &email, origin.clone())));
        }
        let record = Record::from(origin, Event::EmailChange).about(id);
        match self.audit.commit(Authority::Operator, steps, [record]).await {
            Ok(_) => {
                self.mail.wake();
                Ok(())
            }
            // In the meantime somebody else verified that address, or registered with it.
            Err(DbError::Unique(_)) => Err(Error::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }
}
