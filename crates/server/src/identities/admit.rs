//! The first valid sight of a person makes their user, in one write; two at once settle on one by the
//! unique index. A second request of theirs finds it.

use super::Identities;
use super::person::Person;
use super::store::{self, Identity, NewIds};
use crate::audit::{Event, Record};
use crate::error::Error;
use crate::input::Origin;
use crate::sql::DbError;

/// Somebody else's write is done when ours is refused, so the second try finds it; the third is for an
/// address that was taken in between.
const ATTEMPTS: usize = 3;

impl Identities {
    /// The identity of a person whose token was valid.
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
                // Deleted again, or made by somebody else, in between.
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
