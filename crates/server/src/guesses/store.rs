//! Every statement on `login_guards`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::guesser::Suspect;
use crate::db::{Database, Row};
use crate::email::Email;
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::{params, statements};

/// No wait is over, none is longer than the rule knows, and no guess is free: only a newcomer may.
macro_rules! waits {
    () => {
        "(login_guards.failures >= $8 AND login_guards.retry_at > excluded.last_at \
         AND login_guards.retry_at <= $10)"
    };
}

/// The list of newcomers is begun anew: after a day, or if a clock that was ahead began it.
macro_rules! is_new_day {
    () => {
        "(login_guards.newcomers_since IS NULL OR login_guards.newcomers_since < $7 \
         OR login_guards.newcomers_since > $10)"
    };
}

statements! {
    // Claims a guess in the row of a source of $3, $15 and $16 if there is one, else of $4. No row: not
    // before `retry_at`, which counts only where no guess is free (claims come from several clocks, in
    // any order) and no longer than the longest wait ($10). Each network that guesses is listed as $17,
    // then as $18, which $19 and $20 look for. Where strangers must wait, one that is not listed twice
    // may guess all the same if nobody did since $21 and the list is shorter than $22.
    CLAIM_GUESS = concat!("INSERT INTO login_guards (account, source, failures, last_at, retry_at, \
            newcomers, newcomers_since) \
        SELECT who.account, coalesce((SELECT g.source FROM login_guards g \
            WHERE g.account = who.account AND g.source IN ($3, $15, $16) \
            ORDER BY CASE WHEN g.source = $3 THEN 0 WHEN g.source = $4 THEN 2 ELSE 1 END LIMIT 1), $4), 1, $5, $6, $17, $5 \
        FROM (SELECT coalesce((SELECT u.id FROM users u WHERE u.email_key = $1), $2) AS account) who \
        WHERE TRUE \
        ON CONFLICT (account, source) DO UPDATE SET \
        failures = CASE WHEN login_guards.last_at < $7 THEN 1 \
            WHEN ", waits!(), " THEN login_guards.failures \
            ELSE login_guards.failures + 1 END, \
        retry_at = CASE \
            WHEN login_guards.last_at < $7 OR login_guards.failures + 1 < $8 THEN excluded.last_at \
            WHEN ", waits!(), " THEN login_guards.retry_at \
            WHEN login_guards.failures + 1 >= $9 THEN $10 \
            WHEN login_guards.failures + 1 = $8 THEN $11 \
            WHEN login_guards.failures + 1 = $8 + 1 THEN $12 \
            WHEN login_guards.failures + 1 = $8 + 2 THEN $13 \
            ELSE $14 END, \
        newcomers = CASE WHEN login_guards.source <> '' THEN '' \
            WHEN ", is_new_day!(), " THEN $17 \
            WHEN login_guards.newcomers LIKE $20 OR length(login_guards.newcomers) >= $22 \
            THEN login_guards.newcomers \
            WHEN login_guards.newcomers LIKE $19 THEN login_guards.newcomers || $18 \
            ELSE login_guards.newcomers || $17 END, \
        newcomer = CASE WHEN NOT ", waits!(), " THEN '' \
            WHEN NOT ", is_new_day!(), " AND login_guards.newcomers LIKE $19 THEN $18 \
            ELSE $17 END, \
        newcomers_since = CASE WHEN ", is_new_day!(), " THEN excluded.last_at \
            ELSE login_guards.newcomers_since END, \
        last_at = excluded.last_at \
        WHERE NOT ", waits!(), " OR (login_guards.source = '' AND $17 <> '' \
            AND (login_guards.last_at <= $21 OR login_guards.last_at > $10) \
            AND (", is_new_day!(), " OR (length(login_guards.newcomers) < $22 \
                AND login_guards.newcomers NOT LIKE $20))) \
        RETURNING account, source, newcomer");
    // The account is null where no account has the address. A newcomer waits for the pace alone.
    FIND_RETRY = "SELECT g.retry_at, (SELECT u.id FROM users u WHERE u.id = g.account) AS account, \
        g.last_at, (g.source = '' AND $7 <> '' AND (g.newcomers_since IS NULL \
            OR g.newcomers_since < $8 OR g.newcomers_since > $9 \
            OR (length(g.newcomers) < $10 AND g.newcomers NOT LIKE $7))) AS is_newcomer \
        FROM login_guards g \
        WHERE g.account = coalesce((SELECT u.id FROM users u WHERE u.email_key = $1), $2) \
        AND g.source IN ($3, $4, $5, $6) \
        ORDER BY CASE WHEN g.source = $3 THEN 0 WHEN g.source = $4 THEN 2 ELSE 1 END LIMIT 1";
    RELEASE_GUESS = "UPDATE login_guards SET failures = failures - 1, retry_at = $3 \
        WHERE account = $1 AND source = $2 AND failures > 0";
    RELEASE_NEWCOMER = "UPDATE login_guards SET newcomers = replace(newcomers, $3, '') \
        WHERE account = $1 AND source = $2";
    DELETE_GUESSES = "DELETE FROM login_guards WHERE account = $1 AND source = $2";
    DELETE_ALL_GUESSES = "DELETE FROM login_guards WHERE account = $1";
    INSERT_PLACE = "INSERT INTO login_guards (account, source, failures, last_at, retry_at) \
        VALUES ($1, $2, 0, $3, $3) ON CONFLICT (account, source) DO UPDATE SET failures = 0, \
        last_at = excluded.last_at, retry_at = excluded.retry_at";
    // Keeps the places that were used last.
    DELETE_OLD_PLACES = "DELETE FROM login_guards WHERE account = $1 AND source <> '' AND source NOT IN (\
        SELECT g.source FROM login_guards g WHERE g.account = $1 AND g.source <> '' \
        ORDER BY g.last_at DESC, g.source LIMIT 20)";
    UNLOCK = "UPDATE login_guards SET failures = 0, retry_at = $2, newcomers = '' WHERE account = $1";
    FIND_ID = "SELECT u.id FROM users u WHERE u.email_key = $1 OR u.id = $2";
}

/// When the guess after this one is allowed, by how many there were in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delays {
    pub(super) now: OffsetDateTime,
    pub(super) forget_before: OffsetDateTime,
    pub(super) free: i64,
    pub(super) many: i64,
    pub(super) growing: [OffsetDateTime; 3],
    pub(super) later: OffsetDateTime,
    pub(super) longest: OffsetDateTime,
    /// A newcomer may guess if nobody did since.
    pub(super) paced: OffsetDateTime,
    /// How long the list of newcomers may be.
    pub(super) most: i64,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Granted { account: Uuid, source: String, newcomer: String },
    Refused { until: OffsetDateTime, account: Option<Uuid> },
}

fn steps(suspect: &Suspect, delays: &Delays) -> Vec<Step> {
    let Suspect { email_key, otherwise, source, former, elsewhere, newcomer } = suspect;
    let [first, second, third] = delays.growing;
    let initial = if delays.free <= 1 { first } else { delays.now };
    let entry =
        |number: u8| newcomer.as_ref().map_or(String::new(), |tag| format!("-{tag}{number}"));
    let pattern =
        |number| newcomer.as_ref().map_or(String::new(), |_| format!("%{}%", entry(number)));
    let claim = params![
        email_key.as_deref(),
        *otherwise,
        source,
        elsewhere,
        delays.now,
        initial,
        delays.forget_before,
        delays.free,
        delays.many,
        delays.longest,
        first,
        second,
        third,
        delays.later,
        &former[0],
        &former[1],
        entry(1),
        entry(2),
        pattern(1),
        pattern(2),
        delays.paced,
        delays.most,
    ];
    let retry = params![
        email_key.as_deref(),
        *otherwise,
        source,
        elsewhere,
        &former[0],
        &former[1],
        pattern(2),
        delays.forget_before,
        delays.longest,
        delays.most,
    ];
    vec![Step::new(CLAIM_GUESS, claim), Step::new(FIND_RETRY, retry)]
}

fn claimed(rows: &[Vec<Row>], delays: &Delays) -> Result<Claim> {
    if let Some(row) = rows.first().and_then(|rows| rows.first()) {
        let (account, source, newcomer) = (row.get(0)?, row.get(1)?, row.get(2)?);
        return Ok(Claim::Granted { account, source, newcomer });
    }
    let Some(row) = rows.get(1).and_then(|rows| rows.first()) else {
        return Ok(Claim::Refused { until: delays.now, account: None });
    };
    let (retry_at, last_at): (OffsetDateTime, OffsetDateTime) = (row.get(0)?, row.get(2)?);
    let paced = last_at + (delays.now - delays.paced);
    let until = if row.get(3)? { retry_at.min(paced) } else { retry_at };
    Ok(Claim::Refused { until: until.min(delays.longest), account: row.get(1)? })
}

/// Claims a guess and runs `read`, in one round trip and as the gate's user where there is a gate;
/// the first row of `read`.
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

/// Gives a claimed guess back that was never decided: a newcomer's entry, or one of the count.
pub(super) async fn release(
    db: &Database,
    account: Uuid,
    source: &str,
    newcomer: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let step = if newcomer.is_empty() {
        Step::new(RELEASE_GUESS, params![account, source, now])
    } else {
        Step::new(RELEASE_NEWCOMER, params![account, source, newcomer])
    };
    db.execute::<()>(step).await?;
    Ok(())
}

/// Clears the count of a source, and makes `place` known to the account.
pub(super) fn clear(
    account: Uuid,
    source: &str,
    place: Option<&str>,
    now: OffsetDateTime,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if place != Some(source) {
        steps.push(Step::new(DELETE_GUESSES, params![account, source]));
    }
    if let Some(place) = place {
        steps.push(Step::new(INSERT_PLACE, params![account, place, now]));
    }
    if place.is_some_and(|place| place != source) {
        steps.push(Step::new(DELETE_OLD_PLACES, params![account]));
    }
    steps
}

/// Clears every count of an account.
pub(super) fn unlock(owner: Uuid, now: OffsetDateTime) -> Step {
    Step::new(UNLOCK, params![owner, now])
}

/// Removes all that is remembered of an account; belongs to the transaction that deletes it.
pub(crate) fn forget(owner: Uuid) -> Step {
    Step::new(DELETE_ALL_GUESSES, params![owner])
}

/// The account with this address or id.
pub(super) async fn find_id(
    db: &Database,
    email: Option<&Email>,
    id: Option<Uuid>,
) -> Result<Option<Uuid>> {
    db.find(Step::new(FIND_ID, params![email.map(Email::key), id])).await
}
