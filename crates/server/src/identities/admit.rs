//! Creates the user of a new person in one write; of two concurrent requests one wins by the unique index.
//! Their next request finds the identity.

use super::Identities;
use super::person::Person;
use super::store::{self, Identity, NewIds};
use crate::audit::{Event, Record};
use crate::error::Error;
use crate::input::Origin;
use crate::sql::DbError;

/// If our write fails because of another one, that one is done, so the second attempt finds it; the third is
/// for an address that was taken in between.
const ATTEMPTS: usize = 3;

impl Identities {
    /// The identity of a person with a valid token.
    pub(super) async fn identity(
        &self,
        person: &Person,
        origin: Origin,
    ) -> Result<Identity, Error> {
        if let Some(identity) = self.known.get(person) {
            return Ok(identity);
        }
        let identity = match store::find(&self.db, person).await? {
            Some(identity) => identity,
            None => self.make(person, origin).await?,
        };
        self.known.put(person, identity);
        Ok(identity)
    }

    async fn make(&self, person: &Person, origin: Origin) -> Result<Identity, Error> {
        let may_link = self.settings.link_verified_emails;
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let new = NewIds { identity: self.random.id(now), user: self.random.id(now) };
            match store::insert(&self.db, person, may_link, new, now).await {
                Ok((Some(identity), is_new_user)) => {
                    self.note(person, identity, new, is_new_user, &origin);
                    return Ok(identity);
                }
                // Deleted again, or created by another request, in between.
                Ok((None, _)) | Err(DbError::Unique(_) | DbError::Orphan) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Unavailable("The server is busy; try again shortly."))
    }

    fn note(
        &self,
        person: &Person,
        identity: Identity,
        new: NewIds,
        is_new_user: bool,
        origin: &Origin,
    ) {
        if identity.id != new.identity {
            return;
        }
        let event = if is_new_user { Event::Register } else { Event::IdentityLink };
        let record = Record::from(origin, event).about(identity.user_id);
        self.audit.note(record.detail(format!("by {}", person.issuer)));
    }
}
