//! Guards every password against guessing, whichever route asks for it. A guess is claimed in the
//! database before the password is hashed and the claim is the count, so restarts, replicas and
//! parallel bursts gain nothing. After `LOGIN_MAX_FAILURES` in a row each further one must wait, longer
//! and longer; waiting always helps, a right password clears the count. Networks that the account has
//! signed in from and its live sessions are counted apart: strangers cannot keep the owner out.
//! Addresses without an account are counted alike, in a fixed number of rows.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::store::{self, Claim, Credentials, Delays, Suspect};
use super::{Accounts, Email};
use crate::audit::{Actor, Event, Outcome, Record};
use crate::clock::Clock;
use crate::db::Database;
use crate::error::Error;
use crate::gate::Gate;
use crate::guesses::Turn;
use crate::http::request_id;
use crate::input::Origin;
use crate::sql::Step;

/// A count is forgotten after this long without a guess: fewer guesses than waiting would give.
const MEMORY: Duration = Duration::from_hours(24);
/// The wait after the last free guess, and those after it.
const GROWING: [Duration; 3] =
    [Duration::from_secs(30), Duration::from_mins(2), Duration::from_mins(8)];
/// The wait after those.
const LATER: Duration = Duration::from_mins(15);
/// From this many in a row on the wait is the longest.
const MANY: i64 = 20;
const LONGEST: Duration = Duration::from_hours(1);
/// How often a claim is asked for again while others turn out right.
const ATTEMPTS: usize = 16;

fn delays(free: i64, now: OffsetDateTime) -> Delays {
    Delays {
        now,
        forget_before: now - MEMORY,
        free,
        many: MANY.max(free + 1),
        growing: GROWING.map(|wait| now + wait),
        later: now + LATER,
        longest: now + LONGEST,
    }
}

/// A claimed guess. Dropped undecided, it is given back: nobody has learnt anything by it.
#[derive(Debug)]
pub(crate) struct Guess {
    turn: Option<Turn>,
    db: Database,
    clock: Clock,
    claimed: Option<Claimed>,
}

#[derive(Clone, Debug)]
struct Claimed {
    account: Uuid,
    source: String,
    /// What to remember if the password is right.
    place: Option<String>,
}

impl Guess {
    /// The password was wrong: the guess stays counted.
    pub(crate) fn wrong(mut self) {
        self.claimed = None;
    }

    /// What a right password writes; belongs into the transaction of the work it allows.
    pub(crate) fn cleared(&self) -> Vec<Step> {
        self.claimed.as_ref().map_or_else(Vec::new, |claimed| {
            let (account, source) = (claimed.account, claimed.source.as_str());
            store::clear_guesses(account, source, claimed.place.as_deref(), self.clock.now())
        })
    }

    /// The password was right, and what [`Guess::cleared`] gave is committed.
    pub(crate) fn right(mut self) {
        self.claimed = None;
        if let Some(turn) = &mut self.turn {
            turn.end(true);
        }
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        let (Some(claimed), Some(turn)) = (self.claimed.take(), self.turn.take()) else { return };
        let (db, now) = (self.db.clone(), self.clock.now());
        let release = async move {
            // Cleared since, it is no longer counted; to give it back would be to give one away.
            if turn.was_cleared() {
                return;
            }
            let (account, source) = (claimed.account, claimed.source.as_str());
            if let Err(error) = store::release_guess(&db, account, source, now).await {
                tracing::warn!(%error, "an unused guess could not be given back");
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(release);
        }
    }
}

/// What the database said to a claim.
enum Asked {
    Granted(Box<Guess>, Option<Credentials>),
    Refused(Turn, OffsetDateTime, Option<Uuid>),
}

/// Whose password is guessed at, and from where.
#[derive(Clone)]
pub(super) struct Guesser {
    lane: String,
    gate: Option<Gate>,
    suspect: Suspect,
    place: Option<String>,
    /// What is recorded where the guess is refused.
    refused: Record,
}

impl Accounts {
    /// Somebody who signs in. `typed` is what they gave as their address.
    pub(super) fn stranger(&self, typed: &str, email: Option<&Email>, origin: &Origin) -> Guesser {
        let key = email.map_or_else(|| typed.to_owned(), |email| email.key().to_owned());
        let place = origin.ip.map(|ip| self.guesses.place(ip));
        let suspect = Suspect {
            email_key: email.map(|email| email.key().to_owned()),
            otherwise: self.guesses.stranger(&key),
            source: place.clone().unwrap_or_default(),
            elsewhere: String::new(),
        };
        let lane = format!("{key} {}", suspect.source);
        let refused = Record::from(origin, Event::Login);
        Guesser { lane, gate: None, suspect, place, refused }
    }

    /// Somebody who is signed in and gives the password once more.
    pub(super) fn holder(gate: Gate, origin: &Origin) -> Guesser {
        let source = format!("session {}", gate.session_id);
        let suspect = Suspect {
            email_key: None,
            otherwise: gate.user_id,
            source: source.clone(),
            elsewhere: source,
        };
        let actor = Actor::caller(gate, origin.clone());
        let refused = Record::by(&actor, Event::PasswordConfirm).about(gate.user_id);
        let lane = suspect.source.clone();
        Guesser { lane, gate: Some(gate), suspect, place: None, refused }
    }

    /// Claims a guess, and reads what it is to be compared with.
    pub(super) async fn claim_guess(
        &self,
        guesser: Guesser,
    ) -> Result<(Guess, Option<Credentials>), Error> {
        let mut turn = self.guesses.turn(guesser.lane.clone()).await?;
        if self.hashing.is_full() {
            return Err(Error::HashingUnavailable);
        }
        let mut refused = guesser.refused.clone();
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            if let Some(until) = turn.refused(now) {
                return Err(self.refuse(until, refused));
            }
            let until;
            // A task of its own: a claim whose client has gone away still comes to its end, and is
            // given back.
            let asking = request_id::carried(self.clone().ask(guesser.clone(), turn, now));
            (turn, until) = match tokio::spawn(asking).await {
                Ok(Ok(Asked::Granted(guess, found))) => return Ok((*guess, found)),
                Ok(Ok(Asked::Refused(turn, until, account))) => {
                    refused = account.map_or(refused.clone(), |account| refused.about(account));
                    (turn, until)
                }
                Ok(Err(error)) => return Err(error),
                // The panic hook has told where; the message may quote what was read.
                Err(_) => return Err(Error::Internal("the claim of a guess panicked".into())),
            };
            if !turn.outwait(until, now).await {
                return Err(self.refuse(until, refused));
            }
        }
        Err(Error::RateLimited(1))
    }

    async fn ask(
        self,
        guesser: Guesser,
        mut turn: Turn,
        now: OffsetDateTime,
    ) -> Result<Asked, Error> {
        let Guesser { gate, suspect, place, .. } = guesser;
        turn.begin();
        let delays = delays(self.guesses.free(), now);
        let (claim, found) = store::claim_guess(&self.db, gate, &suspect, &delays).await?;
        Ok(match claim {
            Claim::Refused { until } => {
                Asked::Refused(turn, until, found.map(|found| found.user.id))
            }
            Claim::Granted { account, source } => {
                let claimed = Some(Claimed { account, source, place });
                let turn = Some(turn);
                let guess = Guess { turn, db: self.db.clone(), clock: self.clock.clone(), claimed };
                Asked::Granted(Box::new(guess), found)
            }
        })
    }

    fn refuse(&self, until: OffsetDateTime, record: Record) -> Error {
        let wait = (until - self.clock.now()).whole_microseconds().max(1);
        self.audit.note(record.came_out(Outcome::Blocked).detail("too many wrong passwords"));
        Error::RateLimited(u64::try_from(wait).unwrap_or(1).div_ceil(1_000_000))
    }
}
