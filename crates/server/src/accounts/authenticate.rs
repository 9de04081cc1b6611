//! Checks an e-mail address and a password. Unknown accounts, accounts without a password and wrong
//! passwords cost the same work and give the same answer, so nobody learns which addresses exist.

use uuid::Uuid;

use super::guess::Guess;
use super::{Accounts, Email, Password, User, store};
use crate::audit::{Actor, Event, Outcome, Record};
use crate::error::Error;
use crate::gate::Gate;
use crate::input::Origin;
use crate::sql::Step;

/// A user whose password was right.
#[derive(Debug)]
pub struct Authenticated {
    /// The user.
    pub user: User,
    /// The hash of the password; a session begins only while it is still the one.
    pub(crate) hash: String,
    /// Holds the user's row while the hash is still the one that was verified, and stores the same
    /// password hashed with today's parameters where it was not. Belongs first into the transaction
    /// that begins the session: a password change or a ban then waits for it, and ends the session.
    pub(crate) hold: Step,
    /// The guess that was right.
    pub(crate) guess: Guess,
}

/// The right password of a signed-in user.
#[derive(Debug)]
pub(crate) struct Confirmed {
    /// The user.
    pub(crate) user: User,
    /// The hash it was right against.
    pub(crate) hash: String,
    /// The guess that was right.
    pub(crate) guess: Guess,
}

impl Accounts {
    /// The account of the address that was typed, if the password is right and it is not disabled.
    pub async fn authenticate(
        &self,
        typed: &str,
        password: Password,
        origin: &Origin,
    ) -> Result<Authenticated, Error> {
        let email = Email::parse(typed);
        let guesser = self.stranger(typed, email.as_ref(), origin);
        let (guess, found) = self.claim_guess(guesser).await?;
        let stored = found.as_ref().and_then(|found| found.hash.clone());
        let salt = self.random.bytes::<16>();
        let verdict = self.hashing.verify(password.into_secret(), stored.clone(), salt).await?;
        let subject = found.as_ref().map(|found| found.user.id);
        let refused = |outcome| {
            let record = Record::from(origin, Event::Login).came_out(outcome);
            self.audit.note(subject.map_or(record.clone(), |id| record.about(id)));
        };
        let (Some(found), Some(hash), true) = (found, stored, verdict.right) else {
            guess.wrong();
            refused(Outcome::Failure);
            return Err(Error::InvalidCredentials);
        };
        if found.is_shut_out(self.clock.now()) {
            refused(Outcome::Blocked);
            return Err(Error::AccountDisabled);
        }
        let kept = verdict.upgraded.unwrap_or_else(|| hash.clone());
        let hold = store::upgrade_hash(found.user.id, &hash, &kept);
        Ok(Authenticated { user: found.user, hash: kept, hold, guess })
    }

    /// The stored hash of the gate's user, if `password` is the one it was made of.
    pub(crate) async fn confirm_password(
        &self,
        gate: Gate,
        password: Password,
        origin: &Origin,
    ) -> Result<Confirmed, Error> {
        let (guess, found) = self.claim_guess(Self::holder(gate, origin)).await?;
        let stored = found.as_ref().and_then(|found| found.hash.clone());
        let salt = self.random.bytes::<16>();
        let verdict = self.hashing.verify(password.into_secret(), stored.clone(), salt).await?;
        let (Some(found), Some(hash), true) = (found, stored, verdict.right) else {
            guess.wrong();
            let actor = Actor::caller(gate, origin.clone());
            let record = Record::by(&actor, Event::PasswordConfirm).about(gate.user_id);
            self.audit.note(record.came_out(Outcome::Failure));
            return Err(Error::WrongPassword);
        };
        Ok(Confirmed { user: found.user, hash, guess })
    }

    /// The steps that replace a hash while it is still `old`; else they refuse, as `password_changed`.
    pub(crate) fn replace_hash(&self, owner: Uuid, old: &str, new: &str) -> Vec<Step> {
        store::replace_hash(owner, old, new, self.clock.now())
    }
}
