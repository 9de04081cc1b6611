//! Passwords: what may become one, how it is hashed, who knows it, and how it is changed: by the owner,
//! who knows the present one and stays signed in where they are, or by an operator. The stored hash
//! leaves this folder in no form that is shown.

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
    /// Hashes passwords.
    pub hashing: HashingPool,
    kinds: Kinds,
    /// Whether people sign in with user names too.
    usernames: bool,
    pub(crate) audit: Audit,
    /// Counts guesses at them.
    pub guesses: Guesses,
}

/// What passwords stand on.
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

/// The routes below `AUTH_PATH` that concern passwords.
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

    /// Counts the kinds of the stored hashes unless that was begun within the hour; the task that does.
    /// Sign-ins do it too; at the start of a server it makes the first ones right.
    pub fn count_kinds(&self) -> Option<JoinHandle<()>> {
        self.kinds.count()
    }

    /// Reads the operator's files about passwords anew. Blocks on the disk: not for async workers.
    pub fn reread(&self) -> Vec<Reread> {
        self.policy.reread()
    }

    /// Hashes a new password; its policy is the caller's business.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Error> {
        let salt = self.random.bytes::<16>();
        self.hashing.hash(password.into_secret(), salt).await
    }
}
