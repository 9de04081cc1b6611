//! Single-use secrets for mails: links to set a new password, to verify an address, to sign in. A row
//! contains only a digest. The purpose is part of it, so a secret cannot be used for another purpose. The
//! claim is a write in the transaction of the work it allows: of ten concurrent uses one wins, and if the
//! work fails the secret stays unused.

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
use crate::db::{Database, in_batches};
use crate::error::Error;
use crate::sql::Step;
use store::Hashed;

/// What a new password or address invalidates: links made for the previous state of the account. The owner of
/// an old address can still undo its change, whatever a thief does in the meantime.
pub const OTHER_LINKS: [Purpose; 6] = [
    Purpose::ResetPassword,
    Purpose::VerifyEmail,
    Purpose::ConfirmEmail,
    Purpose::SignIn,
    Purpose::SecondStep,
    Purpose::Invitation,
];
/// They are kept longer, so that users with an old link see what happened to it.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Creates single-use secrets, and looks them up; clones share the cache.
#[derive(Clone, Debug)]
pub struct SingleUse {
    db: Database,
    clock: Clock,
    random: Random,
    /// From the current secret, then the previous ones.
    keys: Arc<[hmac::Key]>,
    pruned: Arc<Daily>,
}

/// The properties of a new secret.
#[derive(Clone, Copy, Debug)]
pub struct NewSecret<'a> {
    /// Its purpose.
    pub purpose: Purpose,
    /// Its user; `None` for an address without an account.
    pub user: Option<Uuid>,
    /// What its use depends on, or applies to.
    pub bound: Option<&'a str>,
    /// Its lifetime.
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

    /// A new token, and the step that stores it.
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

    /// Reads what the token stands for, as an [`Opened`], without using it up.
    pub fn look(&self, purpose: Purpose, token: &OneTimeToken) -> Step {
        store::find(token.digest(purpose), purpose.as_str())
    }

    /// What the token stands for, if it is still valid, without using it up.
    pub async fn open(&self, purpose: Purpose, token: &OneTimeToken) -> Result<Opened, Error> {
        let found = self.db.find::<Opened>(self.look(purpose, token)).await?;
        Opened::usable(found, self.clock.now())
    }

    /// Steps that use up the secret, to precede the work it allows; they fail with [`Error::InvalidLink`],
    /// and the whole transaction with them, if another request was first or it has expired.
    pub fn claim(&self, purpose: Purpose, opened: &Opened) -> [Step; 2] {
        let now = self.clock.now();
        store::claim(&opened.digest, purpose.as_str(), self.random.id(now), now)
    }

    /// A step that uses up a secret that is not stored, such as an encrypted one kept by the client; fails
    /// with `Unique`, and the whole transaction with it, if another request was first.
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

    /// Invalidates the user's unused secrets with this purpose.
    pub fn withdraw(&self, user: Uuid, purpose: Purpose) -> Step {
        store::withdraw(user, purpose.as_str())
    }

    /// The same for those created after this one.
    pub fn withdraw_later(&self, purpose: Purpose, opened: &Opened) -> Step {
        store::withdraw_later(&opened.digest, purpose.as_str())
    }

    /// Deletes secrets that expired a week ago; returns their number.
    pub async fn prune(&self) -> Result<usize, Error> {
        self.prune_at(self.clock.now()).await
    }

    async fn prune_at(&self, now: OffsetDateTime) -> Result<usize, Error> {
        Ok(in_batches(|limit| store::delete_past(&self.db, now - KEPT, limit)).await?)
    }

    /// The same when a new secret is created, at most once a day, so that an idle server does not wake a
    /// suspended database.
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

/// The user of the secret with this digest, for statements that read it in one round trip.
macro_rules! owner_of_secret {
    ($digest:literal) => {
        concat!("(SELECT s.user_id FROM single_use s WHERE s.digest = ", $digest, ")")
    };
}
pub(crate) use owner_of_secret;

/// The MAC of the parts, of which only the last may contain NUL.
fn keyed(key: &hmac::Key, parts: &[&str]) -> Vec<u8> {
    hmac::sign(key, parts.join("\0").as_bytes()).as_ref().to_vec()
}
