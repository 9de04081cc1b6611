//! Tells the owner of an account that guesses at its password have to wait from now on. It is written
//! behind the answer: who guesses at the password of an address without an account waits no shorter.

use uuid::Uuid;

use crate::config::Notice;
use crate::db::Database;
use crate::input::Origin;
use crate::mail::Mail;
use crate::sql::Step;

/// The notice of a lock, to be sent once it is known that the guess was wrong.
#[derive(Debug)]
pub(super) struct LockNotice {
    mail: Mail,
    step: Step,
}

impl LockNotice {
    /// Nothing where people are not told. For an address without an account the step finds no user.
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
