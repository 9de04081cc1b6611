//! One guess: claimed before the password is hashed, then wrong, right, or given back without a result.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::lane::Turn;
use super::lock_notice::LockNotice;
use super::store::{self, Claim, Delays, Granted};
use super::{Guesser, Guesses};
use crate::audit::{Audit, Outcome, Record};
use crate::clock::Clock;
use crate::db::{Database, Row};
use crate::error::Error;
use crate::gate::Authority;
use crate::http::request_id;
use crate::metrics::GuessOutcome;
use crate::patience;
use crate::sql::{self, Step};

/// The audit detail of a guess that was rejected without a check.
pub(crate) const TOO_MANY_GUESSES: &str = "too many wrong guesses";

/// A count expires after this long without a guess: an attacker gains fewer guesses than by waiting.
const MEMORY: Duration = Duration::from_hours(24);
/// The delay after the last free guess, and the following ones.
const GROWING: [Duration; 3] =
    [Duration::from_secs(30), Duration::from_mins(2), Duration::from_mins(8)];
/// The delay after those.
const LATER: Duration = Duration::from_mins(15);
/// From this many consecutive guesses on, the delay is the longest.
const MANY: i64 = 20;
const LONGEST: Duration = Duration::from_hours(1);
/// The interval between guesses of networks that are new to an account, while unknown clients must wait.
const PACE: Duration = Duration::from_secs(2);
/// How many of those an account accepts in a day, two per network.
const NEWCOMERS: i64 = 200;
/// Characters of one entry in the list.
const ENTRY: i64 = 8;
/// How often a claim is retried while others turn out right.
const ATTEMPTS: usize = 16;

/// A claimed guess. If dropped without a result, it is given back: nobody has learned anything.
#[derive(Debug)]
pub(crate) struct Guess {
    turn: Option<Turn>,
    db: Database,
    clock: Clock,
    audit: Audit,
    claimed: Option<Claimed>,
    /// Notifies the account's owner that further guesses are delayed, if this one is wrong.
    lock: Option<LockNotice>,
}

#[derive(Clone, Debug)]
struct Claimed {
    account: Uuid,
    source: String,
    /// Its entry among the newcomers; empty if it was counted.
    newcomer: String,
    /// The network to store if the password is right.
    place: Option<String>,
}

impl Guess {
    /// The password was wrong: the guess stays counted.
    pub(crate) fn wrong(mut self, record: Record) {
        self.claimed = None;
        count(&self.db, GuessOutcome::Wrong);
        if let Some(notice) = self.lock.take() {
            notice.send(self.db.clone());
        }
        self.audit.note(record.came_out(Outcome::Failure));
    }

    /// The password was right: does the work it allows, appends the records and clears the count, in one
    /// transaction; returns the rows of the work. If that fails, the guess is given back.
    pub(crate) async fn right(
        mut self,
        authority: Authority,
        mut work: Vec<Step>,
        records: impl IntoIterator<Item = Record>,
    ) -> sql::Result<Vec<Vec<Row>>> {
        let asked = work.len();
        if let Some(Claimed { account, source, place, .. }) = &self.claimed {
            work.extend(store::clear(*account, source, place.as_deref(), self.clock.now()));
        }
        let mut rows = self.audit.commit(authority, work, records).await?;
        rows.truncate(asked);
        self.claimed = None;
        count(&self.db, GuessOutcome::Right);
        if let Some(turn) = &mut self.turn {
            turn.end(true);
        }
        Ok(rows)
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        let (Some(claimed), Some(turn)) = (self.claimed.take(), self.turn.take()) else { return };
        count(&self.db, GuessOutcome::Abandoned);
        let (db, now) = (self.db.clone(), self.clock.now());
        let release = async move {
            // After the count was cleared, this guess is no longer counted; giving it back would allow one
            // more.
            if turn.was_cleared() {
                return;
            }
            let Claimed { account, source, newcomer, .. } = &claimed;
            if let Err(error) = store::release(&db, *account, source, newcomer, now).await {
                tracing::warn!(%error, "an unused guess could not be returned");
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(release);
        }
    }
}

fn count(db: &Database, outcome: GuessOutcome) {
    if let Some(meters) = db.metrics().on() {
        meters.guesses.one(outcome as usize);
    }
}

/// The database's response to a claim.
enum Asked {
    Granted(Box<Guess>, Option<Row>),
    Refused(Turn, OffsetDateTime, Option<Uuid>),
}

/// A client whose turn it is to guess.
#[derive(Debug)]
pub(crate) struct Waiting {
    guesses: Guesses,
    guesser: Guesser,
    turn: Turn,
}

impl Guesses {
    /// Waits until few enough others are guessing at the same password.
    pub(crate) async fn turn(&self, guesser: Guesser) -> Result<Waiting, Error> {
        let turn = self.lanes.turn(guesser.lane.clone()).await?;
        Ok(Waiting { guesses: self.clone(), guesser, turn })
    }

    fn delays(now: OffsetDateTime, free: i64) -> Delays {
        Delays {
            now,
            forget_before: now - MEMORY,
            free,
            many: MANY.max(free + 1),
            growing: GROWING.map(|wait| now + wait),
            later: now + LATER,
            longest: now + LONGEST,
            paced: now - PACE,
            most: NEWCOMERS * ENTRY,
        }
    }

    async fn ask(
        self,
        guesser: Guesser,
        read: Step,
        mut turn: Turn,
        now: OffsetDateTime,
    ) -> Result<Asked, Error> {
        let Guesser { gate, suspect, place, origin, free, .. } = guesser;
        turn.begin();
        let delays = Self::delays(now, free.map_or(self.free, |free| free.min(self.free)));
        let (claim, found) = store::claim(&self.db, gate, &suspect, &delays, read).await?;
        Ok(match claim {
            Claim::Refused { until, account } => Asked::Refused(turn, until, account),
            Claim::Granted(Granted { account, source, newcomer, failures }) => {
                // The guess that uses up the free ones, so only once until a right password or a day without
                // guesses; those of newcomers are not counted.
                let locks = newcomer.is_empty() && failures == self.free;
                let lock = locks.then(|| LockNotice::new(&self.mail, account, &origin)).flatten();
                let claimed = Some(Claimed { account, source, newcomer, place });
                let (db, clock, audit) = (self.db, self.clock, self.audit);
                let guess = Guess { turn: Some(turn), db, clock, audit, claimed, lock };
                Asked::Granted(Box::new(guess), found)
            }
        })
    }

    fn refuse(&self, until: OffsetDateTime, record: Record) -> Error {
        count(&self.db, GuessOutcome::Refused);
        let wait = (until - self.clock.now()).whole_microseconds().max(1);
        self.audit.note(record.came_out(Outcome::Blocked).detail(TOO_MANY_GUESSES));
        Error::TooManyGuesses(u64::try_from(wait).unwrap_or(1).div_ceil(1_000_000))
    }
}

impl Waiting {
    /// Claims a guess, and reads in the same round trip what it is compared with.
    pub(crate) async fn claim(self, read: Step) -> Result<(Guess, Option<Row>), Error> {
        let Self { guesses, guesser, mut turn } = self;
        let mut refused = guesser.refused.clone();
        for _ in 0..ATTEMPTS {
            let now = guesses.clock.now();
            if let Some(until) = turn.refused(now) {
                return Err(guesses.refuse(until, refused));
            }
            let until;
            // A separate task: the claim of a client that disconnects is completed and given back.
            let asking = guesses.clone().ask(guesser.clone(), read.clone(), turn, now);
            (turn, until) = match tokio::spawn(patience::carried(request_id::carried(asking))).await
            {
                Ok(Ok(Asked::Granted(guess, found))) => return Ok((*guess, found)),
                Ok(Ok(Asked::Refused(turn, until, account))) => {
                    refused = account.map_or(refused.clone(), |account| refused.about(account));
                    (turn, until)
                }
                Ok(Err(error)) => return Err(error),
                // The panic hook has logged the location; the message might quote data.
                Err(_) => return Err(Error::Internal("the claim of a guess panicked".into())),
            };
            if !turn.outwait(until, now).await {
                return Err(guesses.refuse(until, refused));
            }
        }
        Err(Error::TooManyGuesses(1))
    }
}
