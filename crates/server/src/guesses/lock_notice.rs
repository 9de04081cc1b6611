//! Notifies the owner of an account that further password guesses are delayed. It is written after the
//! response, so that its timing does not disclose whether the address has an account.

use uuid::Uuid;

use crate::config::Notice;
use crate::db::Database;
use crate::input::Origin;
use crate::mail::Mail;
use crate::sql::Step;

/// The notice of a lock, sent once the guess is known to be wrong.
#[derive(Debug)]
pub(super) struct LockNotice {
    mail: Mail,
    step: Step,
}

impl LockNotice {
    /// Nothing if notices are off. For an address without an account, the step finds no user.
    pub(super) fn new(mail: &Mail, account: Uuid, origin: &Origin) -> Option<Self> {
        let step = mail.notify(Notice::AccountLocked, account, origin)?;
        Some(Self { mail: mail.clone(), step })
    }

    pub(super) fn send(self, db: Database) {
        tokio::spawn(async move {
            match db.write(vec![self.step]).await {
                Ok(rows) => self.mail.wake_for(&rows),
                Err(error) => {
                    tracing::error!(target: "mail", %error, "the notice of a locked account could not be written");
                }
            }
        });
    }
}
