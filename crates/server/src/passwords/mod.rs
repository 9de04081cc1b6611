//! Passwords: what may become one, how it is hashed, who knows it, and how it is changed: by the owner,
//! who knows the present one and stays signed in where they are, or by an operator. The stored hash
//! leaves this folder in no form that is shown.

mod change;
mod hashing;
mod kinds;
mod password;
mod policy;
mod prove;
mod replace;
mod set;
mod store;

pub use hashing::{HashKind, HashRefusal, HashingPool, ReadyHash, Verdict, Work, recognise};
pub use password::{NewPassword, Password};
pub(crate) use policy::Policy;
pub use prove::Proof;
pub use store::STATEMENTS;
pub(crate) use store::keeps;

use std::sync::Arc;

use tokio::task::JoinHandle;
use utoipa_axum::routes;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;
use crate::db::Database;
use crate::error::Error;
use crate::guesses::Guesses;
use crate::http::{Declared, Routes};
use crate::keys::Keys;
use kinds::Kinds;

/// The use cases of passwords, and what they need.
#[derive(Clone, Debug)]
pub struct Passwords {
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

impl AsRef<Keys> for Passwords {
    fn as_ref(&self) -> &Keys {
        &self.keys
    }
}

/// The routes below `AUTH_PATH` that concern passwords.
pub fn routes() -> Routes<Passwords> {
    Routes::default().add(Declared::STRICT, routes!(change::change))
}

impl Passwords {
    /// The policy and the hashing threads of these settings.
    pub fn new(
        settings: &Settings,
        db: Database,
        clock: Clock,
        random: Random,
        keys: Keys,
        audit: Audit,
        guesses: Guesses,
    ) -> Self {
        let policy = Arc::new(Policy::new(settings));
        let hashing = HashingPool::with_all_cores(settings.password_hash, settings.password_kernel);
        let kinds = Kinds::new(settings, db, clock.clone());
        let usernames = settings.usernames;
        Self { policy, clock, random, keys, hashing, kinds, usernames, audit, guesses }
    }

    /// Counts the kinds of the stored hashes unless that was begun within the hour; the task that does.
    /// Sign-ins do it too; at the start of a server it makes the first ones right.
    pub fn count_kinds(&self) -> Option<JoinHandle<()>> {
        self.kinds.count()
    }

    /// Hashes a new password; its policy is the caller's business.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Error> {
        let salt = self.random.bytes::<16>();
        self.hashing.hash(password.into_secret(), salt).await
    }
}
