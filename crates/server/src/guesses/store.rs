//! The statements on `login_guards`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::guesser::Suspect;
use crate::db::{Database, Row};
use crate::email::Email;
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::{row, statements, step, text};

/// A delay is in effect that is not longer than the rule's maximum, and no guess is free: only a newcomer may
/// guess.
macro_rules! waits {
    () => {
        "(login_guards.failures >= :free AND login_guards.retry_at > excluded.last_at \
         AND login_guards.retry_at <= :longest)"
    };
}

/// The account whose password is guessed at. Addresses and user names have no common keys.
macro_rules! guessed_at {
    () => {
        "coalesce((SELECT u.id FROM users u WHERE u.email_key = :email_key), \
         (SELECT u.id FROM users u WHERE u.username_key = :username_key), :otherwise)"
    };
}

/// The list of newcomers is reset: after a day, or if a clock that was ahead started it.
macro_rules! is_new_day {
    () => {
        "(login_guards.newcomers_since IS NULL OR login_guards.newcomers_since < :forget_before \
         OR login_guards.newcomers_since > :longest)"
    };
}

statements! {
    // Claims a guess in the row of `:source`, `:former` or `:oldest` if there is one, otherwise in that of
    // `:elsewhere`. No row before `retry_at`, which applies only if no guess is free (claims come from
    // several clocks, in any order) and no longer than the longest delay. Each guessing network is listed as
    // `:newcomer`, then as `:again`, which `:listed` and `:listed_again` look for. While unknown clients must
    // wait, a network that is not listed twice may still guess if nobody has since `:paced` and the list is
    // shorter than `:most`.
    CLAIM_GUESS = text!("INSERT INTO login_guards (account, source, failures, last_at, retry_at, \
            newcomers, newcomers_since) \
        SELECT who.account, coalesce((SELECT g.source FROM login_guards g \
            WHERE g.account = who.account AND g.source IN (:source, :former, :oldest) \
            ORDER BY CASE WHEN g.source = :source THEN 0 WHEN g.source = :elsewhere THEN 2 ELSE 1 END \
            LIMIT 1), :elsewhere), 1, :now, :retry_at, :newcomer, :now \
        FROM (SELECT ", guessed_at!(), " AS account) who \
        WHERE TRUE \
        ON CONFLICT (account, source) DO UPDATE SET \
        failures = CASE WHEN login_guards.last_at < :forget_before THEN 1 \
            WHEN ", waits!(), " THEN login_guards.failures \
            ELSE login_guards.failures + 1 END, \
        retry_at = CASE \
            WHEN login_guards.last_at < :forget_before OR login_guards.failures + 1 < :free \
            THEN excluded.last_at \
            WHEN ", waits!(), " THEN login_guards.retry_at \
            WHEN login_guards.failures + 1 >= :many THEN :longest \
            WHEN login_guards.failures + 1 = :free THEN :first \
            WHEN login_guards.failures + 1 = :free + 1 THEN :second \
            WHEN login_guards.failures + 1 = :free + 2 THEN :third \
            ELSE :later END, \
        newcomers = CASE WHEN login_guards.source <> '' THEN '' \
            WHEN ", is_new_day!(), " THEN :newcomer \
            WHEN login_guards.newcomers LIKE :listed_again \
            OR length(login_guards.newcomers) >= :most THEN login_guards.newcomers \
            WHEN login_guards.newcomers LIKE :listed THEN login_guards.newcomers || :again \
            ELSE login_guards.newcomers || :newcomer END, \
        newcomer = CASE WHEN NOT ", waits!(), " THEN '' \
            WHEN NOT ", is_new_day!(), " AND login_guards.newcomers LIKE :listed THEN :again \
            ELSE :newcomer END, \
        newcomers_since = CASE WHEN ", is_new_day!(), " THEN excluded.last_at \
            ELSE login_guards.newcomers_since END, \
        last_at = excluded.last_at \
        WHERE NOT ", waits!(), " OR (login_guards.source = '' AND :newcomer <> '' \
            AND (login_guards.last_at <= :paced OR login_guards.last_at > :longest) \
            AND (", is_new_day!(), " OR (length(login_guards.newcomers) < :most \
                AND login_guards.newcomers NOT LIKE :listed_again))) \
        RETURNING ", Granted::COLUMNS);
    // The account is null if the address has none. A newcomer only waits for the interval.
    FIND_RETRY = text!("SELECT ", Wait::COLUMNS, " FROM login_guards g \
        WHERE g.account = ", guessed_at!(), " AND g.source IN (:source, :elsewhere, :former, :oldest) \
        ORDER BY CASE WHEN g.source = :source THEN 0 WHEN g.source = :elsewhere THEN 2 ELSE 1 END \
        LIMIT 1");
    RELEASE_GUESS = "UPDATE login_guards SET failures = failures - 1, retry_at = :now \
        WHERE account = :account AND source = :source AND failures > 0";
    RELEASE_NEWCOMER = "UPDATE login_guards SET newcomers = replace(newcomers, :newcomer, '') \
        WHERE account = :account AND source = :source";
    DELETE_GUESSES = "DELETE FROM login_guards WHERE account = :account AND source = :source";
    DELETE_ALL_GUESSES = "DELETE FROM login_guards WHERE account = :account";
    INSERT_PLACE = "INSERT INTO login_guards (account, source, failures, last_at, retry_at) \
        VALUES (:account, :place, 0, :now, :now) ON CONFLICT (account, source) DO UPDATE \
        SET failures = 0, last_at = excluded.last_at, retry_at = excluded.retry_at";
    // Keeps the most recently used networks.
    DELETE_OLD_PLACES = "DELETE FROM login_guards WHERE account = :account AND source <> '' \
        AND source NOT IN (SELECT g.source FROM login_guards g \
        WHERE g.account = :account AND g.source <> '' ORDER BY g.last_at DESC, g.source LIMIT 20)";
    UNLOCK = "UPDATE login_guards SET failures = 0, retry_at = :now, newcomers = '' \
        WHERE account = :account";
    FIND_ID = "SELECT u.id FROM users u WHERE u.email_key = :email_key OR u.id = :id";
}

/// The earliest next guess, by the number of consecutive ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delays {
    pub(super) now: OffsetDateTime,
    pub(super) forget_before: OffsetDateTime,
    pub(super) free: i64,
    pub(super) many: i64,
    pub(super) growing: [OffsetDateTime; 3],
    pub(super) later: OffsetDateTime,
    pub(super) longest: OffsetDateTime,
    /// A newcomer may guess if nobody has since.
    pub(super) paced: OffsetDateTime,
    /// Maximum length of the list of newcomers.
    pub(super) most: i64,
}

row! {
    /// The row in which the guess was claimed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Granted {
        pub(super) account: Uuid,
        pub(super) source: String,
        /// Its entry among the newcomers; empty if it was counted.
        pub(super) newcomer: String,
        /// The number of consecutive guesses, including this one.
        pub(super) failures: i64,
    }
}

row! {
    /// Why a guess has to wait.
    struct Wait from g {
        retry_at: OffsetDateTime,
        account: Option<Uuid> = "(SELECT u.id FROM users u WHERE u.id = g.account)",
        last_at: OffsetDateTime,
        is_newcomer: bool = "(g.source = '' AND :listed_again <> '' AND (g.newcomers_since IS NULL \
            OR g.newcomers_since < :forget_before OR g.newcomers_since > :longest \
            OR (length(g.newcomers) < :most AND g.newcomers NOT LIKE :listed_again)))",
    }
}

/// The result of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Granted(Granted),
    Refused { until: OffsetDateTime, account: Option<Uuid> },
}

fn steps(suspect: &Suspect, delays: &Delays) -> Vec<Step> {
    let Suspect { email_key, username_key, otherwise, source, former, elsewhere, newcomer } =
        suspect;
    let ([first, second, third], [former, oldest]) = (delays.growing, former);
    let initial = if delays.free <= 1 { first } else { delays.now };
    let entry =
        |number: u8| newcomer.as_ref().map_or(String::new(), |tag| format!("-{tag}{number}"));
    let pattern =
        |number| newcomer.as_ref().map_or(String::new(), |_| format!("%{}%", entry(number)));
    let claim = step!(CLAIM_GUESS {
        email_key: email_key.as_deref(),
        username_key: username_key.as_deref(),
        otherwise: *otherwise,
        source,
        former: former.as_str(),
        oldest: oldest.as_str(),
        elsewhere,
        now: delays.now,
        retry_at: initial,
        forget_before: delays.forget_before,
        free: delays.free,
        many: delays.many,
        first,
        second,
        third,
        later: delays.later,
        longest: delays.longest,
        newcomer: entry(1),
        again: entry(2),
        listed: pattern(1),
        listed_again: pattern(2),
        paced: delays.paced,
        most: delays.most,
    });
    let retry = step!(FIND_RETRY {
        email_key: email_key.as_deref(),
        username_key: username_key.as_deref(),
        otherwise: *otherwise,
        source,
        former: former.as_str(),
        oldest: oldest.as_str(),
        elsewhere,
        forget_before: delays.forget_before,
        longest: delays.longest,
        listed_again: pattern(2),
        most: delays.most,
    });
    vec![claim, retry]
}

fn claimed(rows: &[Vec<Row>], delays: &Delays) -> Result<Claim> {
    if let Some(row) = rows.first().and_then(|rows| rows.first()) {
        return row.read().map(Claim::Granted);
    }
    let Some(row) = rows.get(1).and_then(|rows| rows.first()) else {
        return Ok(Claim::Refused { until: delays.now, account: None });
    };
    let Wait { retry_at, account, last_at, is_newcomer } = row.read()?;
    let paced = last_at + (delays.now - delays.paced);
    let until = if is_newcomer { retry_at.min(paced) } else { retry_at };
    Ok(Claim::Refused { until: until.min(delays.longest), account })
}

/// Claims a guess and runs `read`, in one round trip and as the gate's user if there is a gate; returns the
/// first row of `read`.
pub(super) async fn claim(
    db: &Database,
    gate: Option<Gate>,
    suspect: &Suspect,
    delays: &Delays,
    read: Step,
) -> Result<(Claim, Option<Row>)> {
    let mut steps = steps(suspect, delays);
    steps.push(read);
    let mut rows = match gate {
        Some(gate) => db.write_all_as(gate, steps).await?,
        None => db.write(steps).await?,
    };
    let claim = claimed(&rows, delays)?;
    Ok((claim, rows.pop().unwrap_or_default().into_iter().next()))
}

/// Gives back a claimed guess without a result: a newcomer's entry, or one of the count.
pub(super) async fn release(
    db: &Database,
    account: Uuid,
    source: &str,
    newcomer: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let step = if newcomer.is_empty() {
        step!(RELEASE_GUESS { account, source, now })
    } else {
        step!(RELEASE_NEWCOMER { account, source, newcomer })
    };
    db.execute::<()>(step).await?;
    Ok(())
}

/// Clears the count of a source, and stores `place` as known to the account.
pub(super) fn clear(
    account: Uuid,
    source: &str,
    place: Option<&str>,
    now: OffsetDateTime,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if place != Some(source) {
        steps.push(step!(DELETE_GUESSES { account, source }));
    }
    if let Some(place) = place {
        steps.push(insert_place(account, place, now));
    }
    if place.is_some_and(|place| place != source) {
        steps.push(step!(DELETE_OLD_PLACES { account }));
    }
    steps
}

/// Stores a network as known to the account.
pub(super) fn insert_place(account: Uuid, place: &str, now: OffsetDateTime) -> Step {
    step!(INSERT_PLACE { account, place, now })
}

/// Clears all counts of an account.
pub(crate) fn unlock(account: Uuid, now: OffsetDateTime) -> Step {
    step!(UNLOCK { account, now })
}

/// Deletes everything stored about an account; for the transaction that deletes it.
pub(crate) fn forget(account: Uuid) -> Step {
    step!(DELETE_ALL_GUESSES { account })
}

/// The account with this address or id.
pub(super) async fn find_id(
    db: &Database,
    email: Option<&Email>,
    id: Option<Uuid>,
) -> Result<Option<Uuid>> {
    db.find(step!(FIND_ID { email_key: email.map(Email::key), id })).await
}
