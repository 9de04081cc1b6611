//! Verifies that a user knows a password, protected against guessing for all routes. Unknown accounts,
//! accounts without a password and wrong passwords cost the same work and give the same response, so nobody
//! learns which addresses exist.

use time::OffsetDateTime;

use super::store::{self, FoundUser};
use super::{Password, Passwords};
use crate::audit::{Actor, Audit, Event, Outcome, Record};
use crate::db::Row;
use crate::error::Error;
use crate::gate::{Authority, Gate, Standing};
use crate::guesses::{Guess, Guesser};
use crate::input::Origin;
use crate::sql::{self, Step};
use crate::user::User;
use crate::username::LoginName;

/// A user whose password was right.
#[derive(Debug)]
pub struct Proof {
    /// The user.
    pub(crate) user: User,
    /// The stored hash that the password was verified with.
    pub(crate) stored: String,
    /// The hash to store; work that the password allows is done only while it is the stored one.
    pub(crate) hash: String,
    /// The kinds of their active second factors.
    pub(crate) factors: Vec<String>,
    banned_until: Option<OffsetDateTime>,
    guess: Guess,
}

impl Proof {
    /// Locks the user's row while the hash is still the one that was verified, and stores the hash with
    /// current parameters if it had others. Must be first in the transaction that creates a session: a
    /// password change or ban then waits for it, and ends the session.
    pub(crate) fn hold(&self) -> Step {
        store::upgrade(self.user.id, &self.stored, &self.hash)
    }

    /// Does the work that the password allows, appends the record and clears the count of wrong passwords, in
    /// one transaction; returns the rows of the work. If the work fails, so does this, and the guess is given
    /// back.
    pub(crate) async fn commit(
        self,
        authority: Authority,
        work: Vec<Step>,
        record: Record,
    ) -> sql::Result<Vec<Vec<Row>>> {
        self.guess.right(authority, work, [record]).await
    }

    /// Does the work of a first step that requires a second one. The guess is given back: earlier ones stay
    /// counted until the sign-in is complete, and the network does not become known.
    pub(crate) async fn commit_first_step(
        self,
        audit: &Audit,
        work: Vec<Step>,
        record: Record,
    ) -> sql::Result<Vec<Vec<Row>>> {
        audit.commit(Authority::Operator, work, [record]).await
    }

    /// Disabled, or banned at this time.
    fn is_shut_out(&self, now: OffsetDateTime) -> bool {
        Standing::of(self.user.is_active, self.banned_until, now) != Standing::Active
    }
}

impl Passwords {
    /// The account with the address or user name that was entered, if the password is right and it is not
    /// disabled.
    pub async fn prove(
        &self,
        typed: &str,
        password: Password,
        origin: &Origin,
    ) -> Result<Proof, Error> {
        let name = LoginName::parse(typed, self.usernames);
        let guesser = self.guesses.stranger(typed, name.as_ref(), origin);
        let (read, record) = (store::find(name.as_ref()), Record::from(origin, Event::Login));
        let whose = name.as_ref().map_or(typed, LoginName::key);
        let proof = self.compare(guesser, whose, read, password, record.clone()).await?;
        let proof = proof.ok_or(Error::InvalidCredentials)?;
        if proof.is_shut_out(self.clock.now()) {
            self.audit.note(record.came_out(Outcome::Blocked).about(proof.user.id));
            return Err(Error::AccountDisabled);
        }
        Ok(proof)
    }

    /// The gate's user, if the password is theirs.
    pub(crate) async fn confirm(
        &self,
        gate: Gate,
        password: Password,
        origin: &Origin,
    ) -> Result<Proof, Error> {
        let guesser = Guesser::holder(gate, origin);
        let record = Record::by(&Actor::caller(gate, origin.clone()), Event::PasswordConfirm);
        let whose = gate.user_id.to_string();
        let read = store::find_own(gate);
        let proof = self.compare(guesser, &whose, read, password, record).await?;
        proof.ok_or(Error::WrongPassword)
    }

    /// Claims a guess, reads the hash in the same round trip and verifies; `None` if it is wrong. The work is
    /// that of the stored hash, or of the kind that an account named `whose` could have.
    async fn compare(
        &self,
        guesser: Guesser,
        whose: &str,
        read: Step,
        password: Password,
        record: Record,
    ) -> Result<Option<Proof>, Error> {
        let turn = self.guesses.turn(guesser).await?;
        if self.hashing.is_full() {
            return Err(Error::HashingUnavailable);
        }
        let (guess, row) = turn.claim(read).await?;
        let found = row.map(|row| row.read::<FoundUser>()).transpose()?;
        let stored = found.as_ref().and_then(|found| found.hash.clone());
        drop(self.count_kinds());
        let (stand_in, salt) = (self.kinds.stand_in(whose), self.random.bytes::<16>());
        let secret = password.into_secret();
        let verdict = self.hashing.verify(secret, stored, stand_in, salt).await?;
        let record = found.as_ref().map_or(record.clone(), |found| record.about(found.user.id));
        let right = found.filter(|_| verdict.right);
        let Some(FoundUser { user, hash: Some(stored), banned_until, factors }) = right else {
            guess.wrong(record);
            return Ok(None);
        };
        let hash = verdict.upgraded.unwrap_or_else(|| stored.clone());
        Ok(Some(Proof { user, stored, hash, factors, banned_until, guess }))
    }
}
