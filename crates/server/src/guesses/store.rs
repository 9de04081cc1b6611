//! Every statement on `login_guards`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::guesser::Suspect;
use crate::db::{Database, Row};
use crate::email::Email;
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    // Claims a guess in the row of source $3 if there is one, else of $4. No row: not before `retry_at`,
    // which counts only where no guess is free: claims come from several clocks, in any order.
    CLAIM_GUESS = "INSERT INTO login_guards (account, source, failures, last_at, retry_at) \
        SELECT who.account, coalesce((SELECT g.source FROM login_guards g \
            WHERE g.account = who.account AND g.source = $3), $4), 1, $5, $6 \
        FROM (SELECT coalesce((SELECT u.id FROM users u WHERE u.email_key = $1), $2) AS account) who \
        WHERE TRUE \
        ON CONFLICT (account, source) DO UPDATE SET \
        failures = CASE WHEN login_guards.last_at < $7 THEN 1 ELSE login_guards.failures + 1 END, \
        retry_at = CASE \
            WHEN login_guards.last_at < $7 OR login_guards.failures + 1 < $8 THEN excluded.last_at \
            WHEN login_guards.failures + 1 >= $9 THEN $10 \
            WHEN login_guards.failures + 1 = $8 THEN $11 \
            WHEN login_guards.failures + 1 = $8 + 1 THEN $12 \
            WHEN login_guards.failures + 1 = $8 + 2 THEN $13 \
            ELSE $14 END, \
        last_at = excluded.last_at \
        WHERE login_guards.failures < $8 OR login_guards.retry_at <= excluded.last_at \
        RETURNING account, source";
    // The account is null where no account has the address.
    FIND_RETRY = "SELECT g.retry_at, (SELECT u.id FROM users u WHERE u.id = g.account) AS account \
        FROM login_guards g \
        WHERE g.account = coalesce((SELECT u.id FROM users u WHERE u.email_key = $1), $2) \
        AND g.source IN ($3, $4) ORDER BY g.source DESC LIMIT 1";
    RELEASE_GUESS = "UPDATE login_guards SET failures = failures - 1, retry_at = $3 \
        WHERE account = $1 AND source = $2 AND failures > 0";
    DELETE_GUESSES = "DELETE FROM login_guards WHERE account = $1 AND source = $2";
    DELETE_ALL_GUESSES = "DELETE FROM login_guards WHERE account = $1";
    INSERT_PLACE = "INSERT INTO login_guards (account, source, failures, last_at, retry_at) \
        VALUES ($1, $2, 0, $3, $3) ON CONFLICT (account, source) DO UPDATE SET failures = 0, \
        last_at = excluded.last_at, retry_at = excluded.retry_at";
    // Keeps the places that were used last.
    DELETE_OLD_PLACES = "DELETE FROM login_guards WHERE account = $1 AND source <> '' AND source NOT IN (\
        SELECT g.source FROM login_guards g WHERE g.account = $1 AND g.source <> '' \
        ORDER BY g.last_at DESC, g.source LIMIT 20)";
    UNLOCK = "UPDATE login_guards SET failures = 0, retry_at = $2 WHERE account = $1";
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
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Granted { account: Uuid, source: String },
    Refused { until: OffsetDateTime, account: Option<Uuid> },
}

fn steps(suspect: &Suspect, delays: &Delays) -> Vec<Step> {
    let Suspect { email_key, otherwise, source, elsewhere } = suspect;
    let [first, second, third] = delays.growing;
    let initial = if delays.free <= 1 { first } else { delays.now };
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
    ];
    let retry = params![email_key.as_deref(), *otherwise, source, elsewhere];
    vec![Step::new(CLAIM_GUESS, claim), Step::new(FIND_RETRY, retry)]
}

fn claimed(rows: &[Vec<Row>], delays: &Delays) -> Result<Claim> {
    if let Some(row) = rows.first().and_then(|rows| rows.first()) {
        return Ok(Claim::Granted { account: row.get(0)?, source: row.get(1)? });
    }
    let Some(row) = rows.get(1).and_then(|rows| rows.first()) else {
        return Ok(Claim::Refused { until: delays.now, account: None });
    };
    Ok(Claim::Refused { until: row.get(0)?, account: row.get(1)? })
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

/// Gives a claimed guess back that was never decided.
pub(super) async fn release(
    db: &Database,
    account: Uuid,
    source: &str,
    now: OffsetDateTime,
) -> Result<()> {
    db.execute::<()>(Step::new(RELEASE_GUESS, params![account, source, now])).await?;
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
