//! Clears an account's count of wrong passwords, so that its owner does not have to wait: for operators, when
//! a user is under attack. Changes neither password nor sessions.

use uuid::Uuid;

use super::{Guesses, store};
use crate::audit::{Actor, Event, Record};
use crate::email::Email;
use crate::error::Error;

impl Guesses {
    /// Clears all counts of the account with this id or address.
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
