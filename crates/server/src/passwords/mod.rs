//! Passwords: the policy, hashing, verification, and changes by the user, who knows the current password and
//! stays signed in, or by an operator. The stored hash never leaves this folder in visible form.

mod accept;
mod change;
mod forgot;
mod hashing;
mod kinds;
mod password;
mod policy;
mod prove;
mod replace;
mod reset;
mod set;
mod store;

pub use hashing::{HashKind, HashRefusal, HashingPool, ReadyHash, Verdict, Work, recognise};
pub use password::{NewPassword, Password};
pub(crate) use policy::{Policy, is_common};
pub use prove::Proof;
pub(crate) use reset::bound_to;
pub use store::STATEMENTS;
pub(crate) use store::{FoundUser, find_by_secret, keeps};

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use utoipa_axum::routes;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::{Reread, Settings};
use crate::crypto::Random;
use crate::db::Database;
use crate::error::Error;
use crate::guesses::Guesses;
use crate::http::{Declared, Routes};
use crate::keys::Keys;
use crate::mail::Mail;

use crate::single_use::SingleUse;
use kinds::Kinds;

/// The use cases of passwords, and what they need.
#[derive(Clone, Debug)]
pub struct Passwords {
    db: Database,
    mail: Mail,
    single_use: SingleUse,
    /// Lifetime of a link to set a new password.
    reset_ttl: Duration,
    /// How long an invitation works.
    invitation_ttl: Duration,
    pub(crate) policy: Arc<Policy>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) keys: Keys,
    /// The hashing pool.
    pub hashing: HashingPool,
    kinds: Kinds,
    /// Whether users can also sign in with user names.
    usernames: bool,
    pub(crate) audit: Audit,
    /// Counts guesses.
    pub guesses: Guesses,
}

/// The dependencies of passwords.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is named after what it is")]
pub struct PasswordMeans {
    pub db: Database,
    pub clock: Clock,
    pub random: Random,
    pub keys: Keys,
    pub audit: Audit,
    pub guesses: Guesses,
    pub mail: Mail,
    pub single_use: SingleUse,
}

impl AsRef<Keys> for Passwords {
    fn as_ref(&self) -> &Keys {
        &self.keys
    }
}

/// The routes below `AUTH_PATH` for passwords.
pub fn routes() -> Routes<Passwords> {
    Routes::default()
        .add(Declared::STRICT, routes!(change::change))
        .add(Declared::STRICT, routes!(forgot::forgot))
        .add(Declared::STRICT, routes!(reset::reset))
        .add(Declared::STRICT, routes!(accept::accept))
}

impl Passwords {
    /// The policy and the hashing threads of these settings.
    pub fn new(settings: &Settings, means: PasswordMeans) -> Self {
        let PasswordMeans { db, clock, random, keys, audit, guesses, mail, single_use } = means;
        let policy = Arc::new(Policy::new(settings));
        let (scheme, kernel) = (settings.password_hash, settings.password_kernel);
        let hashing = HashingPool::with_all_cores(scheme, kernel, db.metrics().clone());
        let kinds = Kinds::new(settings, db.clone(), clock.clone());
        let (reset_ttl, invitation_ttl) = (settings.password_reset_ttl, settings.invitation_ttl);
        let usernames = settings.usernames;
        Self {
            db,
            mail,
            single_use,
            reset_ttl,
            invitation_ttl,
            policy,
            clock,
            random,
            keys,
            hashing,
            kinds,
            usernames,
            audit,
            guesses,
        }
    }

    /// Counts the kinds of the stored hashes unless a count started within the hour; returns the task.
    /// Sign-ins do this too; when a server starts, it makes the first stand-ins right.
    pub fn count_kinds(&self) -> Option<JoinHandle<()>> {
        self.kinds.count()
    }

    /// Reloads the operator's password files. Blocks on the disk: not for async workers.
    pub fn reread(&self) -> Vec<Reread> {
        self.policy.reread()
    }

    /// Hashes a new password; the caller checks the policy.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Error> {
        let salt = self.random.bytes::<16>();
        self.hashing.hash(password.into_secret(), salt).await
    }
}
