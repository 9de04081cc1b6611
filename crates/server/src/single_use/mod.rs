//! Secrets that work once, for all that a mail can carry: a link to set a new password, to prove an
//! address, to sign in. A row holds a digest, so the database opens nothing; the purpose is part of it, so
//! a secret of one purpose opens nothing else. The claim is the write, in the transaction of the work
//! that it allows: of ten uses at once one wins, and work that fails leaves the secret unused.

mod codes;
mod one_time_token;
mod opened;
mod purpose;
mod six_digits;
mod store;

pub use codes::{CodeChallenge, CodeClient, GUESSES, GUESSES_A_DAY};
pub use one_time_token::OneTimeToken;
pub(crate) use one_time_token::is_one_time_token;
pub use opened::Opened;
pub use purpose::Purpose;
pub use six_digits::SixDigits;
pub use store::STATEMENTS;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clock::{Clock, Daily};
use crate::config::Settings;
use crate::crypto::Random;
use crate::db::Database;
use crate::error::Error;
use crate::sql::Step;
use store::Hashed;

/// What a new password or another address ends: links that were made for the account as it was. The
/// owner of an old address can still undo a change of it, whatever a thief does meanwhile.
pub const OTHER_LINKS: [Purpose; 6] = [
    Purpose::ResetPassword,
    Purpose::VerifyEmail,
    Purpose::ConfirmEmail,
    Purpose::SignIn,
    Purpose::SecondStep,
    Purpose::Invitation,
];
/// Kept longer, so that people who come late read what happened to their link.
const KEPT: Duration = Duration::from_hours(7 * 24);
const BATCH: u16 = 1000;

/// Makes single-use secrets, and finds what they stand for; clones share what is remembered.
#[derive(Clone, Debug)]
pub struct SingleUse {
    db: Database,
    clock: Clock,
    random: Random,
    /// Of the present secret, then of those before it.
    keys: Arc<[hmac::Key]>,
    pruned: Arc<Daily>,
}

/// What a new secret is for.
#[derive(Clone, Copy, Debug)]
pub struct NewSecret<'a> {
    /// What it opens.
    pub purpose: Purpose,
    /// Whose it is; none for an address without an account.
    pub user: Option<Uuid>,
    /// What its use depends on, or what it is about.
    pub bound: Option<&'a str>,
    /// How long it works.
    pub lives: Duration,
}

impl SingleUse {
    /// Over this database, with the secrets of these settings.
    pub fn new(settings: &Settings, db: Database, clock: Clock, random: Random) -> Self {
        let secrets = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        let keys =
            secrets.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.bytes())).collect();
        Self { db, clock, random, keys, pruned: Arc::default() }
    }

    /// A new token, and the step that makes it work.
    pub fn make(&self, new: NewSecret<'_>) -> (OneTimeToken, Step) {
        self.prune_daily();
        let token = OneTimeToken::new(&self.random);
        let step = store::insert(self.hashed(new, &token));
        (token, step)
    }

    fn hashed<'a>(&self, new: NewSecret<'a>, token: &OneTimeToken) -> Hashed<'a> {
        let now = self.clock.now();
        let NewSecret { purpose, user, bound, lives } = new;
        let digest = token.digest(purpose);
        let purpose = purpose.as_str();
        Hashed { digest, purpose, user, bound, now, works_until: now + lives }
    }

    /// Reads what the token stands for, as an [`Opened`]; it is not used by that.
    pub fn look(&self, purpose: Purpose, token: &OneTimeToken) -> Step {
        store::find(token.digest(purpose), purpose.as_str())
    }

    /// What the token stands for, if it can still be used; it is not used by that.
    pub async fn open(&self, purpose: Purpose, token: &OneTimeToken) -> Result<Opened, Error> {
        let found = self.db.find::<Opened>(self.look(purpose, token)).await?;
        Opened::usable(found, self.clock.now())
    }

    /// Steps that use the secret, to stand before the work that it allows; refused as [`Error::InvalidLink`]
    /// if another request was first or its time is over, and the whole transaction with it.
    pub fn claim(&self, purpose: Purpose, opened: &Opened) -> [Step; 2] {
        let now = self.clock.now();
        store::claim(&opened.digest, purpose.as_str(), self.random.id(now), now)
    }

    /// A step that uses up a secret which stands in no row until then, such as a sealed one that its holder
    /// keeps; `Unique`, and the whole transaction with it, if another request was first.
    pub fn spend(
        &self,
        purpose: Purpose,
        digest: &[u8],
        user: Uuid,
        works_until: OffsetDateTime,
    ) -> Step {
        self.prune_daily();
        let now = self.clock.now();
        let claim = self.random.id(now);
        store::insert_spent(digest, purpose.as_str(), user, claim, now, works_until)
    }

    /// Ends the user's secrets of this purpose that were not used yet.
    pub fn withdraw(&self, user: Uuid, purpose: Purpose) -> Step {
        store::withdraw(user, purpose.as_str())
    }

    /// The same of those that were made after this one.
    pub fn withdraw_later(&self, purpose: Purpose, opened: &Opened) -> Step {
        store::withdraw_later(&opened.digest, purpose.as_str())
    }

    /// Removes what expired a week ago; how many secrets that were.
    pub async fn prune(&self) -> Result<usize, Error> {
        self.prune_at(self.clock.now()).await
    }

    async fn prune_at(&self, now: OffsetDateTime) -> Result<usize, Error> {
        let mut removed = 0;
        loop {
            let batch = store::delete_past(&self.db, now - KEPT, BATCH.into()).await?;
            removed += batch;
            if batch < BATCH.into() {
                return Ok(removed);
            }
        }
    }

    /// The same beside a new secret, at most once a day: only while there is work, so that a server
    /// without any leaves a sleeping database asleep.
    fn prune_daily(&self) {
        let now = self.clock.now();
        if !self.pruned.is_due(now) {
            return;
        }
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.prune_at(now).await {
                tracing::warn!(%error, "expired single-use secrets were not removed");
            }
        });
    }
}

/// Whose the secret with this digest is, for statements that read them in one round trip.
macro_rules! owner_of_secret {
    ($digest:literal) => {
        concat!("(SELECT s.user_id FROM single_use s WHERE s.digest = ", $digest, ")")
    };
}
pub(crate) use owner_of_secret;

/// The MAC of the parts, of which only the last may hold a NUL.
fn keyed(key: &hmac::Key, parts: &[&str]) -> Vec<u8> {
    hmac::sign(key, parts.join("\0").as_bytes()).as_ref().to_vec()
}
