//! Clears the wrong passwords counted against an account, so that its owner need not wait: what an
//! operator does for somebody who is under attack. It changes neither password nor sessions.

use uuid::Uuid;

use super::{Guesses, store};
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::Error;

impl Guesses {
    /// Clears every count of the account with this id or address.
    pub async fn unlock(&self, actor: &Actor, user: &str) -> Result<Uuid, Error> {
        let (email, id) = (Email::parse(user), Uuid::try_parse(user).ok());
        let found = store::find_id(&self.db, email.as_ref(), id).await?;
        let owner = found.ok_or(Error::NotFound)?;
        let record = Record::by(actor, Event::AccountUnlock).about(owner);
        let step = store::unlock(owner, self.clock.now());
        self.audit.commit(actor.authority, vec![step], [record]).await?;
        Ok(owner)
    }
}
