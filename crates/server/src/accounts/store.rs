//! Every statement on `users`, `user_roles` and `login_guards` that accounts run.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Email, Name, User};
use crate::db::{Columns, Database, FromRow, Row};
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    INSERT_USER = "INSERT INTO users (id, email, email_key, name, hashed_password, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $6)";
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) VALUES ($1, $2)";
    FIND_CREDENTIALS = "SELECT u.id, u.email, u.name, u.is_active, u.email_verified, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles, \
        u.created_at, u.updated_at, u.hashed_password, u.banned_until FROM users u WHERE u.email_key = $1";
    FIND_OWN = "SELECT u.id, u.email, u.name, u.is_active, u.email_verified, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles, \
        u.created_at, u.updated_at FROM users u WHERE u.id = $1";
    UPDATE_NAME = "UPDATE users SET name = $2, updated_at = $3 WHERE id = $1 \
        RETURNING id, email, name, is_active, email_verified, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = users.id) AS roles, \
        created_at, updated_at";
    FIND_OWN_CREDENTIALS = "SELECT u.id, u.email, u.name, u.is_active, u.email_verified, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles, \
        u.created_at, u.updated_at, u.hashed_password, u.banned_until FROM users u WHERE u.id = $1";
    KEEPS_PASSWORD = "SELECT doorward_refuse('password_changed') \
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = $1 AND u.hashed_password = $2)";
    REPLACE_HASH = "UPDATE users SET hashed_password = $3, updated_at = $4 \
        WHERE id = $1 AND hashed_password = $2";
    DELETE_USER = "DELETE FROM users WHERE id = $1";
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
    FIND_RETRY = "SELECT g.retry_at FROM login_guards g \
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
    UPGRADE_HASH = "UPDATE users SET hashed_password = $3 WHERE id = $1 AND hashed_password = $2";
}

/// A user with the stored hash, which stays inside this feature.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) user: User,
    pub(super) hash: Option<String>,
    pub(super) banned_until: Option<OffsetDateTime>,
}

impl Credentials {
    /// Disabled, or banned at this instant.
    pub(super) fn is_shut_out(&self, now: OffsetDateTime) -> bool {
        !self.user.is_active || self.banned_until.is_some_and(|until| until > now)
    }
}

impl FromRow for Credentials {
    fn from_row(row: &Columns<'_>) -> Result<Self> {
        Ok(Self { user: User::from_row(row)?, hash: row.get(8)?, banned_until: row.get(9)? })
    }
}

/// A user to be inserted.
#[derive(Debug)]
pub(super) struct NewAccount<'a> {
    pub(super) id: Uuid,
    pub(super) email: &'a Email,
    pub(super) name: Option<&'a Name>,
    pub(super) hash: &'a str,
    pub(super) role: &'a str,
    pub(super) now: OffsetDateTime,
}

/// Inserts a user with a role.
pub(super) fn insert(new: &NewAccount<'_>) -> Vec<Step> {
    let user = params![
        new.id,
        new.email.as_str(),
        new.email.key(),
        new.name.map(Name::as_str),
        new.hash,
        new.now,
    ];
    let role = params![new.id, new.role];
    vec![Step::new(INSERT_USER, user), Step::new(INSERT_ROLE, role)]
}

pub(super) async fn find_own(db: &Database, gate: Gate) -> Result<Option<User>> {
    Ok(db.read_as(gate, FIND_OWN, params![gate.user_id]).await?.into_iter().next())
}

/// Replaces a hash unless it was changed in the meantime.
pub(super) fn upgrade_hash(owner: Uuid, old: &str, new: &str) -> Step {
    Step::new(UPGRADE_HASH, params![owner, old, new])
}

/// Replaces a hash by another password's; refused if it was changed in the meantime.
pub(super) fn replace_hash(owner: Uuid, old: &str, new: &str, now: OffsetDateTime) -> Vec<Step> {
    vec![
        Step::new(REPLACE_HASH, params![owner, old, new, now]),
        Step::new(KEEPS_PASSWORD, params![owner, new]),
    ]
}

pub(super) async fn update_name(
    db: &Database,
    gate: Gate,
    name: Option<&Name>,
) -> Result<Option<User>> {
    let values = params![gate.user_id, name.map(Name::as_str), gate.now];
    Ok(db.write_as(gate, UPDATE_NAME, values).await?.into_iter().next())
}

/// Deletes a user with all that is theirs; refused as `password_changed` unless the hash is `hash`.
pub(super) fn delete(owner: Uuid, hash: &str) -> Vec<Step> {
    vec![
        Step::new(KEEPS_PASSWORD, params![owner, hash]),
        Step::new(DELETE_USER, params![owner]),
        Step::new(DELETE_ALL_GUESSES, params![owner]),
    ]
}

/// Whose password is guessed at: the account of `email_key`, else the row `otherwise`; counted for
/// `source` if the account knows it, else for `elsewhere`.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) email_key: Option<String>,
    pub(super) otherwise: Uuid,
    pub(super) source: String,
    pub(super) elsewhere: String,
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
    Refused { until: OffsetDateTime },
}

fn claim(suspect: &Suspect, delays: &Delays) -> Vec<Step> {
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
    let until = rows.get(1).and_then(|rows| rows.first()).map(|row| row.get(0));
    Ok(Claim::Refused { until: until.transpose()?.unwrap_or(delays.now) })
}

/// Claims a guess and reads what it is to be compared with, in one round trip: the password of the
/// gate's user, or without a gate that of the suspect's address.
pub(super) async fn claim_guess(
    db: &Database,
    gate: Option<Gate>,
    suspect: &Suspect,
    delays: &Delays,
) -> Result<(Claim, Option<Credentials>)> {
    let mut steps = claim(suspect, delays);
    let mut rows = if let Some(gate) = gate {
        steps.push(Step::new(FIND_OWN_CREDENTIALS, params![gate.user_id]));
        db.write_all_as(gate, steps).await?
    } else {
        steps.push(Step::new(FIND_CREDENTIALS, params![suspect.email_key.as_deref()]));
        db.write(steps).await?
    };
    let claim = claimed(&rows, delays)?;
    let found = rows.pop().unwrap_or_default().into_iter().next();
    Ok((claim, found.map(|row| row.read()).transpose()?))
}

/// Gives a claimed guess back that was never decided.
pub(super) async fn release_guess(
    db: &Database,
    account: Uuid,
    source: &str,
    now: OffsetDateTime,
) -> Result<()> {
    db.execute::<()>(RELEASE_GUESS, params![account, source, now]).await?;
    Ok(())
}

/// Clears the count of a source, and makes `place` known to the account.
pub(super) fn clear_guesses(
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

/// The account with this address or id.
pub(super) async fn find_id(
    db: &Database,
    email: Option<&Email>,
    id: Option<Uuid>,
) -> Result<Option<Uuid>> {
    db.find(FIND_ID, params![email.map(Email::key), id]).await
}
