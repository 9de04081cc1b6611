//! Sets an account's password, from the command line only: an administrator who could do this over HTTP could
//! become any user. Ends all sessions of the account and revokes its API keys.

use uuid::Uuid;

use super::{Password, Passwords, ReadyHash, store};
use crate::audit::{Actor, Event, Record};
use crate::config::Notice;
use crate::error::Error;
use crate::gate::{end_devices, end_keys, end_sessions, is_person, user_exists};
use crate::input::Origin;

impl Passwords {
    /// Sets the password; the caller checks the policy.
    pub async fn set(&self, by: &Actor, id: Uuid, password: Password) -> Result<(), Error> {
        let hash = self.hash(password).await?;
        self.store(by, id, &hash).await
    }

    /// Sets the password to one hashed by another program.
    pub async fn set_ready(&self, by: &Actor, id: Uuid, hash: &ReadyHash) -> Result<(), Error> {
        self.store(by, id, hash.as_str()).await
    }

    async fn store(&self, by: &Actor, id: Uuid, hash: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let mut steps = vec![
            user_exists(id),
            is_person(id),
            store::set(id, hash, now),
            end_sessions(id, now, "password_set"),
            end_keys(id),
            end_devices(id),
        ];
        steps.extend(self.mail.notify(Notice::PasswordChanged, id, &Origin::default()));
        let record = Record::by(by, Event::PasswordSet).about(id);
        self.audit.commit(by.authority, steps, [record]).await?;
        Ok(())
    }
}
