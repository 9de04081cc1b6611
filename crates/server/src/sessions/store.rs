//! Every statement on `sessions`, nothing else.

use time::OffsetDateTime;
use uuid::Uuid;

use super::examine::Fate;
use super::{Session, SessionView};
use crate::accounts::split_roles;
use crate::db::{Columns, Database, FromRow};
use crate::gate::{Authority, Gate, active, end_other_sessions, end_sessions, live, not_ended};
use crate::input::Origin;
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    // The user must still be active with the very hash that was verified: a sign-in that races a
    // password change or a ban leaves nothing alive.
    INSERT_SESSION = concat!("INSERT INTO sessions (id, user_id, salt, ip, user_agent, created_at, rotated_at, \
        last_seen_at, expires_at, max_expires_at) \
        SELECT $1, u.id, $3, $4, $5, $6, $6, $6, $7, $8 FROM users u \
        WHERE u.id = $2 AND ", active!("u.", "$6"), " \
        AND u.hashed_password = $9");
    IS_BEGUN = "SELECT doorward_refuse('user_changed') \
        WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE id = $1)";
    IS_LIVE = concat!("SELECT doorward_refuse('ended') \
        WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE id = $1 AND ", not_ended!(""), ")");
    FIND_FOR_REFRESH = concat!("SELECT s.id, s.user_id, s.counter, s.confirmed, s.salt, s.rotated_at, \
        s.expires_at, s.max_expires_at, s.ended_at, s.repeats, s.repeated_at, \
        ", active!("u.", "$2"), " AS is_active, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles \
        FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1");
    // A generation that was repeated and never seen keeps the count, any other ends it.
    ADVANCE = concat!("UPDATE sessions SET counter = counter + 1, rotated_at = $3, last_seen_at = $3, \
        repeats = CASE WHEN repeated_at > rotated_at AND confirmed < counter THEN repeats ELSE 0 END, \
        expires_at = $4 WHERE id = $1 AND counter = $2 AND ", live!("", "$3"), " \
        AND max_expires_at > $3 AND EXISTS (SELECT 1 FROM users u WHERE u.id = sessions.user_id \
        AND ", active!("u.", "$3"), ") \
        RETURNING (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r \
        WHERE r.user_id = sessions.user_id) AS roles");
    REPEAT = concat!("UPDATE sessions SET repeats = repeats + 1, repeated_at = $4 \
        WHERE id = $1 AND counter = $2 AND repeats = $3 AND ", live!("", "$4"), " RETURNING id");
    END = concat!("UPDATE sessions SET ended_at = $2, end_reason = $3 \
        WHERE id = $1 AND ", not_ended!(""));
    // One row with nulls for a user without sessions, none without such a user.
    LIST_OF_USER = concat!("SELECT s.id, s.created_at, s.last_seen_at, s.expires_at, s.ip, s.user_agent \
        FROM users u LEFT JOIN sessions s ON s.user_id = u.id AND ", live!("s.", "$2"), " WHERE u.id = $1 ORDER BY s.created_at DESC, s.id DESC LIMIT 1000");
    IS_OWN = concat!("SELECT doorward_refuse('not_found') WHERE NOT EXISTS (SELECT 1 FROM sessions \
        WHERE user_id = $1 AND id = $2 AND ", live!("", "$3"), ")");
    DELETE_PAST = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
        WHERE max_expires_at < $1 ORDER BY max_expires_at LIMIT $2) RETURNING id";
    END_EVERYBODYS = concat!("UPDATE sessions SET ended_at = $1, end_reason = $2 WHERE ", not_ended!(""));
    FIND_OWNER = concat!("SELECT s.user_id FROM sessions s \
        WHERE s.id = $1 AND ", live!("s.", "$2"));
    FIND_LIVE = concat!("SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1 \
        AND s.user_id = $2 AND ", live!("s.", "$3"), " AND ", active!("u.", "$3"));
    FIND_FATE = "SELECT s.user_id, s.expires_at, s.ended_at, s.end_reason, u.is_active, u.banned_until \
        FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1";
    FIND_USER = "SELECT u.id FROM users u WHERE u.id = $1";
    END_OWN = concat!("UPDATE sessions SET ended_at = $3, end_reason = $4 \
        WHERE user_id = $1 AND id = $2 AND ", not_ended!(""), " RETURNING id");
}

/// A session with what a refresh needs to know of its user.
#[derive(Debug)]
pub(super) struct Refreshable {
    pub(super) session: Session,
    pub(super) is_active: bool,
    pub(super) roles: Vec<String>,
}

impl FromRow for Refreshable {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        let roles: Option<String> = row.get(12)?;
        Ok(Self {
            session: Session::from_row(row)?,
            is_active: row.get(11)?,
            roles: split_roles(roles.as_deref()),
        })
    }
}

/// Inserts a session while the user's hash is still `hash`; refused if the user has changed.
pub(super) fn insert(new: &Session, origin: &Origin, hash: &str) -> Vec<Step> {
    let values = params![
        new.begun.id,
        new.begun.user_id,
        new.begun.salt.as_slice(),
        origin.ip.map(|ip| ip.to_string()),
        origin.user_agent.as_deref(),
        new.rotated_at,
        new.expires_at,
        new.begun.max_expires_at,
        hash,
    ];
    vec![Step::new(INSERT_SESSION, values), Step::new(IS_BEGUN, params![new.begun.id])]
}

/// The session with its user, whoever asks.
pub(super) async fn find_for_refresh(
    db: &Database,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Refreshable>> {
    db.find(Step::new(FIND_FOR_REFRESH, params![id, now])).await
}

/// The same if the asker may.
pub(super) async fn find_for_refresh_by(
    db: &Database,
    authority: Authority,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Refreshable>> {
    Ok(db
        .read_by(authority, Step::new(FIND_FOR_REFRESH, params![id, now]))
        .await?
        .into_iter()
        .next())
}

/// True if the session is the user's and both still count.
pub(super) async fn is_live(
    db: &Database,
    authority: Authority,
    id: Uuid,
    owner: Uuid,
    now: OffsetDateTime,
) -> Result<bool> {
    let found: Vec<Uuid> =
        db.read_by(authority, Step::new(FIND_LIVE, params![id, owner, now])).await?;
    Ok(!found.is_empty())
}

impl FromRow for Fate {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            user_id: row.get(0)?,
            expires_at: row.get(1)?,
            ended_at: row.get(2)?,
            end_reason: row.get(3)?,
            is_active: row.get(4)?,
            banned_until: row.get(5)?,
        })
    }
}

/// What became of a session.
pub(super) async fn find_fate(db: &Database, id: Uuid) -> Result<Option<Fate>> {
    db.find(Step::new(FIND_FATE, params![id])).await
}

/// Whether the account is there.
pub(super) async fn has_user(db: &Database, id: Uuid) -> Result<bool> {
    Ok(db.find::<Uuid>(Step::new(FIND_USER, params![id])).await?.is_some())
}

/// The roles of an advanced session's user.
struct RoleNames(Vec<String>);

impl FromRow for RoleNames {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        let roles: Option<String> = row.get(0)?;
        Ok(Self(split_roles(roles.as_deref())))
    }
}

/// Advances the counter if it still is `counter` in a live session of an active user, whose roles are
/// returned: the compare-and-set that concurrent callers race. `None` if any of it does not hold.
pub(super) async fn update_counter(
    db: &Database,
    id: Uuid,
    counter: i64,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<Vec<String>>> {
    let rows: Vec<RoleNames> =
        db.execute(Step::new(ADVANCE, params![id, counter, now, expires_at])).await?;
    Ok(rows.into_iter().next().map(|RoleNames(roles)| roles))
}

/// Counts one repeat more if neither the counter nor the count has moved; whether it did.
pub(super) async fn update_repeats(
    db: &Database,
    seen: &Session,
    now: OffsetDateTime,
) -> Result<bool> {
    let values = params![seen.begun.id, seen.counter, seen.repeats, now];
    let rows: Vec<Uuid> = db.execute(Step::new(REPEAT, values)).await?;
    Ok(!rows.is_empty())
}

/// Ends a session whoever asks; refused if it had ended.
pub(super) fn revoke(id: Uuid, reason: &str, now: OffsetDateTime) -> Vec<Step> {
    vec![Step::new(IS_LIVE, params![id]), Step::new(END, params![id, now, reason])]
}

/// Which of the caller's sessions a logout ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The one the token belongs to.
    This,
    /// All but that one.
    Others,
    /// All.
    All,
}

impl Scope {
    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::This => "this",
            Self::Others => "others",
            Self::All => "all",
        }
    }
}

/// Ends sessions of the gate's user.
pub(super) fn revoke_own(gate: Gate, scope: Scope) -> Step {
    let (owner, id, now) = (gate.user_id, gate.session_id, gate.now);
    match scope {
        Scope::This => Step::new(END_OWN, params![owner, id, now, "logout"]),
        Scope::Others => end_other_sessions(gate, "logout_others"),
        Scope::All => end_sessions(owner, now, "logout_all"),
    }
}

/// A session as its owner and administrators see it.
struct Listed(Option<SessionView>);

impl FromRow for Listed {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        let Some(id) = row.get::<Option<Uuid>>(0)? else { return Ok(Self(None)) };
        Ok(Self(Some(SessionView {
            id,
            created_at: row.get(1)?,
            last_seen_at: row.get(2)?,
            expires_at: row.get(3)?,
            ip: row.get(4)?,
            user_agent: row.get(5)?,
            current: false,
        })))
    }
}

/// The live sessions of a user, the newest first, a thousand at most; `None` without such a user.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    owner: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Vec<SessionView>>> {
    let rows: Vec<Listed> =
        db.read_by(authority, Step::new(LIST_OF_USER, params![owner, now])).await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().filter_map(|Listed(found)| found).collect()))
}

/// Ends one session of a user; refused as not found unless it is live and theirs.
pub(super) fn revoke_one(owner: Uuid, id: Uuid, now: OffsetDateTime, why: &str) -> [Step; 2] {
    [Step::new(IS_OWN, params![owner, id, now]), Step::new(END_OWN, params![owner, id, now, why])]
}

/// Ends the sessions of all users.
pub(super) fn revoke_everybodys(now: OffsetDateTime) -> Step {
    Step::new(END_EVERYBODYS, params![now, "revoked"])
}

/// Whose live session this is.
pub(super) async fn find_owner(
    db: &Database,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Uuid>> {
    db.find(Step::new(FIND_OWNER, params![id, now])).await
}

/// Removes at most `limit` sessions whose absolute limit is before `horizon`, the oldest first; how
/// many.
pub(super) async fn delete_past(
    db: &Database,
    horizon: OffsetDateTime,
    limit: i64,
) -> Result<usize> {
    let rows: Vec<Uuid> = db.execute(Step::new(DELETE_PAST, params![horizon, limit])).await?;
    Ok(rows.len())
}
