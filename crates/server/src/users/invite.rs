//! `POST /admin/users/{id}/invite`: mails a link to choose the first password for an account that was created
//! without one. A new invitation replaces the previous one.

use axum::extract::State;
use uuid::Uuid;

use super::{Users, store};
use crate::audit::{Actor, Event, Record};
use crate::error::Error;
use crate::gate::permission::UsersWrite;
use crate::gate::user_exists;
use crate::http::{Accepted, IdInPath};
use crate::input::Origin;
use crate::keys::Permitted;
use crate::mail::{Ask, Kind};
use crate::sql::{DbError, Step};

/// Seconds until a mailbox can get another invitation after five.
const LATER: u64 = 60 * 60;

/// Invite a user, or invite them again
///
/// Sends a mail with a link to choose a password. The link works once, expires after `INVITATION_TTL`, and
/// replaces the link of an earlier invitation. An account can be invited five times an hour.
#[utoipa::path(post, path = "/users/{id}/invite", operation_id = "users.invite", tag = "admin",
    security(("bearer" = ["users:write"])),
    params(("id" = String, Path, description = "The user's id")),
    responses(
        (status = 202, description = "The mail was sent"),
        (status = 403, description = "Needs `users:write`, and every permission the user holds"),
        (status = 404, description = "No such user, or this service does not send mail"),
        (status = 409, description = "The account has a password or no address, or is disabled"),
        (status = 422, description = "The id is not a UUID"),
        (status = 429, description = "The account was already invited five times within an hour")))]
pub(super) async fn invite(
    State(users): State<Users>,
    by: Permitted<UsersWrite>,
    IdInPath(id): IdInPath,
) -> Result<Accepted, Error> {
    users.invite(&by.actor, id).await?;
    Ok(Accepted)
}

impl Users {
    /// Sends an invitation to an active account that has an address and no password.
    pub async fn invite(&self, by: &Actor, id: Uuid) -> Result<(), Error> {
        let mail = self.invitation(id).ok_or(Error::MailOff)?;
        let mut steps = vec![user_exists(id)];
        steps.extend(by.authority.holds_all_of_user(id));
        steps.push(store::is_invitable(id, self.clock.now()));
        steps.extend(mail);
        let record = Record::by(by, Event::InvitationSend).about(id);
        match self.audit.commit(by.authority, steps, [record]).await {
            Ok(_) => {
                self.mail.wake();
                Ok(())
            }
            Err(DbError::Refused(why)) if why == "mail_dropped" => Err(Error::RateLimited(LATER)),
            Err(error) => Err(error.into()),
        }
    }

    /// Queues the mail; nothing if mail is off. The client is not counted, because an administrator may
    /// invite many users.
    pub(super) fn invitation(&self, id: Uuid) -> Option<[Step; 2]> {
        self.mail.ask_or_refuse(&Ask::user(Kind::Invitation, id, Origin::default()))
    }
}
