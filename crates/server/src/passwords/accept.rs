//! `POST /auth/invitation/accept`: sets the first password of an account that an operator created, with the
//! link in the invitation mail, once. The holder of the link has access to the mailbox, so the address is
//! verified. The link becomes invalid when another replaces it, when the account gets a password in another
//! way, and with the account.

use axum::extract::State;

use super::reset::{PasswordLink, bound_to};
use super::store::{self, FoundUser};
use super::{NewPassword, Passwords};
use crate::audit::Event;
use crate::error::Error;
use crate::gate::Standing;
use crate::http::{JsonBody, NoContent};
use crate::input::{Draft, Origin, body};
use crate::mail::{About, Composed, Kind, Letter, MailOrder};
use crate::single_use::{NewSecret, OneTimeToken, Purpose};

/// The link of an invitation.
const INVITATION: PasswordLink = PasswordLink {
    purpose: Purpose::Invitation,
    event: Event::InvitationAccept,
    ending: "invitation_accepted",
};

body! {
    /// The token of the link, and the new password.
    pub(super) struct AcceptInvitationRequest {
        /// The token at the end of the link in the mail.
        token: OneTimeToken,
        /// 8–256 characters, used exactly as sent.
        password or new_password: NewPassword,
    }
}

/// Accept an invitation by choosing a password
///
/// The link works once, and only while the account has no password. The address is then verified. Sign in with
/// the address and the password.
#[utoipa::path(post, path = "/invitation/accept", operation_id = "passwords.accept", tag = "passwords",
    request_body = AcceptInvitationRequest,
    responses(
        (status = 204, description = "The password is set; the user can sign in"),
        (status = 400, description = "The link is not valid, was used or has expired"),
        (status = 403, description = "The account is disabled"),
        (status = 422, description = "The password is not acceptable, or a field is missing")))]
pub(super) async fn accept(
    State(passwords): State<Passwords>,
    origin: Origin,
    JsonBody(mut draft): JsonBody<Draft<AcceptInvitationRequest>>,
) -> Result<NoContent, Error> {
    // Checks that do not depend on the user.
    if let (_, Some(new)) = &draft.parts {
        let refusal = passwords.policy.judge(&new.0, None, None).await?;
        draft.fields.note("password", refusal);
    }
    let AcceptInvitationRequest { token, password } = draft.finish()?;
    passwords.accept(&token, password.0, &origin).await?;
    Ok(NoContent)
}

impl Passwords {
    /// Sets the first password of the account that the invitation is for.
    pub async fn accept(
        &self,
        token: &OneTimeToken,
        new: super::Password,
        origin: &Origin,
    ) -> Result<(), Error> {
        self.set_by_link(INVITATION, token, new, origin).await
    }

    /// The mail with the link, which replaces the previous one; nothing to send if the account has a password
    /// by now, or is disabled.
    pub(crate) async fn invitation_letter(&self, order: &MailOrder) -> Result<Composed, Error> {
        let About::User(id) = &order.ask.about else { return Ok(Composed::Nothing) };
        let found = self.db.find(store::find_by_id(*id)).await?;
        let Some(FoundUser { user, hash: None, banned_until, .. }) = found else {
            return Ok(Composed::Nothing);
        };
        let standing = Standing::of(user.is_active, banned_until, self.clock.now());
        let Some(email) = user.email.as_deref().filter(|_| standing == Standing::Active) else {
            return Ok(Composed::Nothing);
        };
        let (bound, lives) = (bound_to(None, Some(email)), self.invitation_ttl);
        let (token, step) = self.single_use.make(NewSecret {
            purpose: Purpose::Invitation,
            user: Some(user.id),
            bound: Some(&bound),
            lives,
        });
        let steps = vec![self.single_use.withdraw(user.id, Purpose::Invitation), step];
        let letter = Letter {
            name: user.name.clone(),
            token: Some(token.into_secret()),
            valid_for: Some(lives),
            locale: user.locale.clone(),
            ..Letter::new(Kind::Invitation, email)
        };
        Ok(Composed::Letter { letter: Box::new(letter), user: Some(user.id), steps })
    }
}
