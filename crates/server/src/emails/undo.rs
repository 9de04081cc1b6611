//! `POST /auth/email/undo`: undoes an address change with the link that the old address got. Whoever made the
//! change knew the password, so it is removed, with all sessions, passkeys and other links; the response
//! contains a token to set a new one. Undoing an earlier change overrides later ones: changing the address
//! twice does not help a thief.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Emails, store};
use crate::audit::{Event, Record};
use crate::email::Email;
use crate::error::Error;
use crate::gate::{
    Authority, end_devices, end_keys, end_passkeys, end_sessions, end_unproven_identities,
};
use crate::guesses::forgive;
use crate::http::{Json, JsonBody, json};
use crate::input::{Draft, Origin, body};
use crate::passwords::bound_to;
use crate::single_use::{NewSecret, OTHER_LINKS, OneTimeToken, Opened, Purpose};
use crate::sql::DbError;

body! {
    /// The token of the link to undo a change.
    pub(super) struct UndoEmailRequest {
        /// The token at the end of the link in the mail.
        token: OneTimeToken,
    }
}

/// A token to set a new password after an address change was undone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Undone {
    /// For `POST /auth/password/reset`, once.
    pub reset_token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// Undo an address change
///
/// Restores the old address and removes the password, because whoever made the change knew it. All sessions end
/// and all passkeys are removed. Use `reset_token` to set a new password.
#[utoipa::path(post, path = "/email/undo", operation_id = "emails.undo", tag = "emails",
    request_body = UndoEmailRequest,
    responses(
        (status = 200, description = "The old address was restored; set a new password now", body = Undone),
        (status = 400, description = "The link is not valid, was used or has expired"),
        (status = 409, description = "Another account has verified the old address in the meantime")))]
pub(super) async fn undo(
    State(emails): State<Emails>,
    origin: Origin,
    JsonBody(draft): JsonBody<Draft<UndoEmailRequest>>,
) -> Result<Json<Undone>, Error> {
    let UndoEmailRequest { token } = draft.finish()?;
    emails.undo(&token, &origin).await.map(json)
}

impl Emails {
    /// Restores the account's old address, and locks the account for everybody but the owner of that address.
    pub async fn undo(&self, token: &OneTimeToken, origin: &Origin) -> Result<Undone, Error> {
        let opened = self.single_use.open(Purpose::UndoEmail, token).await?;
        let Opened { user_id: Some(id), bound: Some(old), .. } = &opened else {
            return Err(Error::Internal("a link to undo a change without one".into()));
        };
        let id = *id;
        let old = Email::parse(old).ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let mut steps = self.single_use.claim(Purpose::UndoEmail, &opened).to_vec();
        steps.extend(store::restore(id, &old, now));
        steps.push(end_sessions(id, now, "email_undone"));
        steps.push(end_keys(id));
        steps.push(end_unproven_identities(id));
        steps.push(end_passkeys(id));
        steps.push(end_devices(id));
        steps.push(forgive(id, now));
        steps.push(self.single_use.withdraw_later(Purpose::UndoEmail, &opened));
        steps.extend(OTHER_LINKS.map(|purpose| self.single_use.withdraw(id, purpose)));
        let (lives, bound) = (self.settings.password_reset_ttl, bound_to(None, Some(old.as_str())));
        let purpose = Purpose::ResetPassword;
        let new = NewSecret { purpose, user: Some(id), bound: Some(&bound), lives };
        let (reset, step) = self.single_use.make(new);
        steps.push(step);
        let record = Record::from(origin, Event::EmailUndo).about(id);
        match self.audit.commit(Authority::Operator, steps, [record]).await {
            Ok(_) => {
                Ok(Undone { reset_token: reset.expose().to_owned(), expires_in: lives.as_secs() })
            }
            Err(DbError::Unique(_)) => Err(Error::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }
}
