//! Counts password guesses for all routes. A guess is claimed in the database before the password is hashed,
//! and the claim is the count, so restarts, replicas and parallel bursts gain nothing. After
//! `LOGIN_MAX_FAILURES` consecutive guesses, each further one is delayed, longer and longer; waiting always
//! helps, and a right password clears the count. Networks that the account has signed in from and its live
//! sessions are counted separately, so attackers cannot lock the owner out. Addresses without an account are
//! counted in the same way, in a fixed number of rows.

mod guess;
mod guesser;
mod lane;
mod lock_notice;
mod store;
mod unlock;

pub(crate) use guess::{Guess, TOO_MANY_GUESSES};
pub(crate) use guesser::Guesser;
pub use store::STATEMENTS;
pub(crate) use store::{forget, unlock as forgive};

use std::sync::Arc;

use aws_lc_rs::hmac;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Settings;
use crate::db::Database;
use crate::mail::Mail;
use lane::GuessLanes;

/// Counts guesses; clones share the lanes of this process.
#[derive(Clone, Debug)]
pub struct Guesses {
    db: Database,
    clock: Clock,
    audit: Audit,
    mail: Mail,
    lanes: Arc<GuessLanes>,
    /// From the current secret, then the previous ones.
    keys: Arc<[hmac::Key]>,
    free: i64,
}

impl Guesses {
    /// With these settings.
    pub fn new(settings: &Settings, db: Database, clock: Clock, audit: Audit, mail: Mail) -> Self {
        let secrets = std::iter::once(&settings.secret).chain(&settings.previous_secrets);
        let keys =
            secrets.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.bytes())).collect();
        let free = settings.login_max_failures;
        Self { db, clock, audit, mail, lanes: GuessLanes::new(free), keys, free: i64::from(free) }
    }

    fn key(&self) -> &hmac::Key {
        &self.keys[0]
    }
}
