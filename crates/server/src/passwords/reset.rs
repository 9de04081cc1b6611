//! `POST /auth/password/reset`: sets a new password with the link in a mail, once. The link is bound to the
//! password and address at the time it was created. The user has proven access to the mailbox, and anybody
//! else with access to the account may be the reason for the reset. So all sessions end, and with them other
//! links, identities whose issuer never verified the address, passkeys added before it was verified, and
//! delays after wrong guesses.

use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::store::{self, FoundUser};
use super::{NewPassword, Password, Passwords};
use crate::audit::{Event, Record};
use crate::config::Notice;
use crate::error::{Error, Invalid};
use crate::gate::{
    Authority, Standing, end_devices, end_factors, end_keys, end_sessions, end_unproven_identities,
    end_unproven_passkeys,
};
use crate::guesses::forgive;
use crate::http::{JsonBody, NoContent};
use crate::input::{Draft, Origin, body};
use crate::single_use::{OTHER_LINKS, OneTimeToken, Opened, Purpose};
use crate::sql::DbError;

/// For a link that was valid until the account changed.
const STALE: Error = Error::InvalidLink(
    "This link is no longer valid because the account has changed: request a new one.",
);

body! {
    /// The token of the link, and the new password.
    pub(super) struct ResetRequest {
        /// The token at the end of the link in the mail.
        token: OneTimeToken,
        /// 8–256 characters, used exactly as sent.
        new_password: NewPassword,
    }
}

/// Set a new password with the token from a mail
///
/// The token works once. All sessions of the account end, its address is verified, and the count of wrong
/// passwords is cleared, so that the owner need not wait.
#[utoipa::path(post, path = "/password/reset", operation_id = "passwords.reset", tag = "passwords",
    request_body = ResetRequest,
    responses(
        (status = 204, description = "The password is set; all sessions have ended"),
        (status = 400, description = "The link is not valid, was used or has expired"),
        (status = 403, description = "The account is disabled"),
        (status = 422, description = "The new password is not acceptable, or a field is missing")))]
pub(super) async fn reset(
    State(passwords): State<Passwords>,
    origin: Origin,
    JsonBody(mut draft): JsonBody<Draft<ResetRequest>>,
) -> Result<NoContent, Error> {
    // Checks that do not depend on the user.
    if let (_, Some(new)) = &draft.parts {
        let refusal = passwords.policy.judge(&new.0, None, None).await?;
        draft.fields.note("new_password", refusal);
    }
    let ResetRequest { token, new_password } = draft.finish()?;
    passwords.reset(&token, new_password.0, &origin).await?;
    Ok(NoContent)
}

/// A link that sets a password.
#[derive(Clone, Copy, Debug)]
pub(super) struct PasswordLink {
    /// The purpose of its token.
    pub(super) purpose: Purpose,
    /// The audit event.
    pub(super) event: Event,
    /// The reason for ending sessions.
    pub(super) ending: &'static str,
}

const RESET: PasswordLink = PasswordLink {
    purpose: Purpose::ResetPassword,
    event: Event::PasswordReset,
    ending: "password_reset",
};

impl Passwords {
    /// Sets the password of the account that the token is for, and revokes all other access.
    pub async fn reset(
        &self,
        token: &OneTimeToken,
        new: Password,
        origin: &Origin,
    ) -> Result<(), Error> {
        self.set_by_link(RESET, token, new, origin).await
    }

    /// The same with a link of this kind.
    pub(super) async fn set_by_link(
        &self,
        link: PasswordLink,
        token: &OneTimeToken,
        new: Password,
        origin: &Origin,
    ) -> Result<(), Error> {
        let PasswordLink { purpose, event, ending } = link;
        let now = self.clock.now();
        let read = vec![
            self.single_use.look(purpose, token),
            store::find_by_secret(token.digest(purpose)),
        ];
        let rows = self.db.write(read).await?;
        let first = |step: usize| rows.get(step).and_then(|found| found.first());
        let opened = first(0).map(crate::db::Row::read::<Opened>).transpose()?;
        let opened = Opened::usable(opened, now)?;
        let FoundUser { user, hash: old, banned_until, .. } = first(1).ok_or(STALE)?.read()?;
        if opened.bound != Some(bound_to(old.as_deref(), user.email.as_deref())) {
            return Err(STALE);
        }
        let record = Record::from(origin, event).about(user.id);
        if Standing::of(user.is_active, banned_until, now) != Standing::Active {
            self.audit.note(record.came_out(crate::audit::Outcome::Blocked));
            return Err(Error::AccountDisabled);
        }
        if let Some(why) = self.policy.refusal_of(&new, &user) {
            let field = if purpose == Purpose::Invitation { "password" } else { "new_password" };
            return Err(Error::Validation(vec![Invalid::new("body", field, why)]));
        }
        let hash = self.hash(new).await?;
        let mut steps = self.single_use.claim(purpose, &opened).to_vec();
        steps.extend(store::reset(user.id, old.as_deref(), user.email.as_deref(), &hash, now));
        steps.push(end_sessions(user.id, now, ending));
        // Somebody who knew the forgotten password may have created some.
        steps.push(end_keys(user.id));
        steps.push(end_devices(user.id));
        steps.push(end_unproven_identities(user.id));
        steps.push(end_unproven_passkeys(user.id));
        if !user.email_verified {
            // The address was unverified: whoever added one need not be its owner.
            steps.extend(end_factors(user.id));
        }
        steps.push(forgive(user.id, now));
        steps.extend(OTHER_LINKS.map(|purpose| self.single_use.withdraw(user.id, purpose)));
        let notice = self.mail.notify(Notice::PasswordChanged, user.id, origin);
        let is_notified = notice.is_some();
        steps.extend(notice);
        match self.audit.commit(Authority::Operator, steps, [record]).await {
            Ok(_) => {
                if is_notified {
                    self.mail.wake();
                }
                Ok(())
            }
            Err(DbError::Refused(why)) if why == "password_changed" => Err(STALE),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a link is bound to: it becomes invalid when the password or address changes.
pub(crate) fn bound_to(hash: Option<&str>, email: Option<&str>) -> String {
    let mut context = Context::new(&SHA256);
    for part in [hash, email] {
        context.update(part.map_or(b"-", |_| b"+"));
        context.update(part.unwrap_or_default().as_bytes());
        context.update(b"\0");
    }
    URL_SAFE_NO_PAD.encode(context.finish())
}
