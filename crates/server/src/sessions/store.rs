//! The statements on `sessions`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::token::Fate;
use super::{Beginning, Session, SessionView};
use crate::db::{Database, FromValue};
use crate::factors::Authentication;
use crate::gate::{
    Authority, Gate, active, end_other_sessions, end_sessions, live, not_ended, permission_names,
    role_names,
};
use crate::input::{Device, Origin};
use crate::metadata::MetadataObject;
use crate::sql::{Result, Step, ValueRef};
use crate::user::User;
use crate::{row, statements, step, text};

statements! {
    // The user must still be active with exactly the hash that was verified: no session survives a race with
    // a password change or ban.
    INSERT_SESSION = concat!("INSERT INTO sessions (id, user_id, salt, ip, user_agent, created_at, rotated_at, \
        last_seen_at, expires_at, max_expires_at, auth_time, amr, program, network) \
        SELECT :id, u.id, :salt, :ip, :user_agent, :now, :now, :now, :expires_at, :max_expires_at, \
        :auth_time, :amr, :program, :network \
        FROM users u WHERE u.id = :owner AND ", active!("u.", ":now"), " \
        AND u.hashed_password IS NOT DISTINCT FROM :hash");
    IS_BEGUN = "SELECT doorward_refuse('user_changed') \
        WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE id = :id)";
    IS_LIVE = concat!("SELECT doorward_refuse('ended') \
        WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE id = :id AND ", not_ended!(""), ")");
    FIND_FOR_REFRESH = text!("SELECT ", Refreshable::COLUMNS, " FROM sessions \
        JOIN users ON users.id = sessions.user_id WHERE sessions.id = :id");
    // A generation that was repeated and never used keeps the count, any other resets it.
    ADVANCE = text!("UPDATE sessions SET counter = counter + 1, rotated_at = :now, \
        last_seen_at = :now, expires_at = :expires_at, repeats = \
            CASE WHEN repeated_at > rotated_at AND confirmed < counter THEN repeats ELSE 0 END \
        WHERE id = :id AND counter = :counter AND ", live!("", ":now"), " \
        AND max_expires_at > :now AND EXISTS (SELECT 1 FROM users u WHERE u.id = sessions.user_id \
        AND ", active!("u.", ":now"), ") \
        RETURNING ", UserOfSession::COLUMNS);
    REPEAT = concat!("UPDATE sessions SET repeats = repeats + 1, repeated_at = :now \
        WHERE id = :id AND counter = :counter AND repeats = :repeats AND ", live!("", ":now"), " \
        RETURNING id");
    PROVE_AGAIN = concat!("UPDATE sessions SET auth_time = :now, amr = :amr \
        WHERE user_id = :owner AND id = :id AND ", not_ended!(""));
    END = concat!("UPDATE sessions SET ended_at = :now, end_reason = :reason \
        WHERE id = :id AND ", not_ended!(""));
    // One row of nulls for a user without sessions, none if there is no such user.
    LIST_OF_USER = text!("SELECT ", SessionView::COLUMNS, " FROM users u LEFT JOIN sessions \
        ON sessions.user_id = u.id AND ", live!("sessions.", ":now"), " WHERE u.id = :owner \
        ORDER BY sessions.created_at DESC, sessions.id DESC LIMIT 1000");
    IS_OWN = concat!("SELECT doorward_refuse('not_found') WHERE NOT EXISTS (SELECT 1 FROM sessions \
        WHERE user_id = :owner AND id = :id AND ", live!("", ":now"), ")");
    DELETE_PAST = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions \
        WHERE max_expires_at < :horizon ORDER BY max_expires_at LIMIT :limit) RETURNING id";
    END_EVERYBODYS = concat!("UPDATE sessions SET ended_at = :now, end_reason = :reason WHERE ",
        not_ended!(""));
    FIND_OWNER = concat!("SELECT s.user_id FROM sessions s \
        WHERE s.id = :id AND ", live!("s.", ":now"));
    FIND_LIVE = text!("SELECT ", Holding::COLUMNS, " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id \
        AND s.user_id = :owner AND ", live!("s.", ":now"), " AND ", active!("u.", ":now"));
    FIND_FATE = text!("SELECT ", Fate::COLUMNS, " FROM sessions \
        JOIN users ON users.id = sessions.user_id WHERE sessions.id = :id");
    FIND_USER = "SELECT u.id FROM users u WHERE u.id = :id";
    END_OWN = concat!("UPDATE sessions SET ended_at = :now, end_reason = :reason \
        WHERE user_id = :owner AND id = :id AND ", not_ended!(""), " RETURNING id");
}

row! {
    /// A session with the user's data that a refresh needs.
    #[derive(Debug)]
    pub(super) struct Refreshable {
        pub(super) session: Session = ..,
        pub(super) is_active: bool = (active!("users.", ":now")),
        pub(super) user: User = ..,
    }
}

/// A column of the session's user `u`. In SQLite, `RETURNING` can only refer to the updated table.
macro_rules! of_user {
    ($column:literal) => {
        concat!("(SELECT ", $column, " FROM users u WHERE u.id = sessions.user_id)")
    };
}

row! {
    /// The user of an updated session.
    struct UserOfSession {
        roles: Vec<String> = (role_names!("sessions.user_id")),
        texts: UserTexts = (of_user!(
            "coalesce(u.email, '') || '\u{1f}' || coalesce(u.username, '') || '\u{1f}' || \
             CASE WHEN u.email_verified THEN 'verified' ELSE '' END || '\u{1f}' || \
             coalesce(u.locale, '') || '\u{1f}' || coalesce(u.user_metadata, '') || '\u{1f}' || \
             coalesce(u.app_metadata, '') || '\u{1f}' || coalesce('=' || u.name, '')"
        )),
        created_at: OffsetDateTime = (of_user!("u.created_at")),
        updated_at: OffsetDateTime = (of_user!("u.updated_at")),
        how: Authentication = ..,
    }
}

/// The user's texts in one column, because each column needs its own lookup of the user's row. The separator
/// cannot occur in an address, user name, language or JSON; a name may contain it, and is last.
#[derive(Debug, PartialEq)]
struct UserTexts {
    email: Option<String>,
    username: Option<String>,
    email_verified: bool,
    locale: Option<String>,
    user_metadata: MetadataObject,
    app_metadata: MetadataObject,
    name: Option<String>,
}

impl FromValue for UserTexts {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        let ValueRef::Text(text) = value else { return None };
        let mut parts = text.splitn(7, '\u{1f}').map(|part| match part {
            "" => ValueRef::Null,
            part => ValueRef::Text(part),
        });
        Some(Self {
            email: Option::from_value(parts.next()?)?,
            username: Option::from_value(parts.next()?)?,
            email_verified: parts.next()? != ValueRef::Null,
            locale: Option::from_value(parts.next()?)?,
            user_metadata: MetadataObject::from_value(parts.next()?)?,
            app_metadata: MetadataObject::from_value(parts.next()?)?,
            name: match parts.next()? {
                ValueRef::Text(marked) => marked.strip_prefix('=').map(str::to_owned),
                _ => None,
            },
        })
    }
}

row! {
    /// The user's current roles and permissions.
    #[derive(Debug)]
    pub(super) struct Holding {
        pub(super) roles: Vec<String> = (role_names!("s.user_id")),
        pub(super) permissions: Vec<String> = (permission_names!("s.user_id")),
    }
}

/// Inserts a session while the user's hash is still `hash`; fails if the user has changed.
pub(super) fn insert(
    new: &Session,
    origin: &Origin,
    device: Option<&Device>,
    hash: Option<&str>,
) -> Vec<Step> {
    let Beginning { id, user_id: owner, salt, max_expires_at } = &new.begun;
    let session = step!(INSERT_SESSION {
        id: *id,
        owner: *owner,
        salt: salt.as_slice(),
        ip: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.as_deref(),
        now: new.rotated_at,
        expires_at: new.expires_at,
        max_expires_at: *max_expires_at,
        auth_time: new.how.at,
        amr: new.how.methods,
        program: device.map(|device| device.program.as_str()),
        network: device.map(|device| device.network.as_str()),
        hash,
    });
    vec![session, step!(IS_BEGUN { id: *id })]
}

/// The session with its user, for any caller.
pub(super) async fn find_for_refresh(
    db: &Database,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Refreshable>> {
    db.find(step!(FIND_FOR_REFRESH { id, now })).await
}

/// The gate's session with its user, if the gate passes.
pub(super) async fn find_own(db: &Database, gate: Gate) -> Result<Option<Refreshable>> {
    let step = step!(FIND_FOR_REFRESH { id: gate.session_id, now: gate.now });
    Ok(db.read_as(gate, step).await?.into_iter().next())
}

/// The same if the caller has the permission.
pub(super) async fn find_for_refresh_by(
    db: &Database,
    authority: Authority,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Refreshable>> {
    Ok(db.read_by(authority, step!(FIND_FOR_REFRESH { id, now })).await?.into_iter().next())
}

/// The user's roles and permissions, if the session is theirs and both are still valid.
pub(super) async fn find_live(
    db: &Database,
    authority: Authority,
    id: Uuid,
    owner: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Holding>> {
    let found = db.read_by(authority, step!(FIND_LIVE { id, owner, now })).await?;
    Ok(found.into_iter().next())
}

/// The state of a session.
pub(super) async fn find_fate(db: &Database, id: Uuid) -> Result<Option<Fate>> {
    db.find(step!(FIND_FATE { id })).await
}

/// Whether the account exists.
pub(super) async fn has_user(db: &Database, id: Uuid) -> Result<bool> {
    Ok(db.find::<Uuid>(step!(FIND_USER { id })).await?.is_some())
}

/// Advances the counter if it is still `counter` in a live session of an active user, and returns the user:
/// the compare-and-set for concurrent requests. `None` if a condition fails.
pub(super) async fn update_counter(
    db: &Database,
    begun: &Beginning,
    counter: i64,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<(User, Authentication)>> {
    let found = db.execute(step!(ADVANCE { id: begun.id, counter, now, expires_at })).await?;
    let user = |found: UserOfSession| {
        let UserOfSession { roles, texts, created_at, updated_at, how } = found;
        let user = User {
            id: begun.user_id,
            email: texts.email,
            name: texts.name,
            username: texts.username,
            is_active: true,
            email_verified: texts.email_verified,
            roles,
            locale: texts.locale,
            user_metadata: texts.user_metadata,
            app_metadata: texts.app_metadata,
            created_at,
            updated_at,
        };
        (user, how)
    };
    Ok(found.into_iter().next().map(user))
}

/// Counts another repeat if neither the counter nor the count has changed; returns whether it did.
pub(super) async fn update_repeats(
    db: &Database,
    seen: &Session,
    now: OffsetDateTime,
) -> Result<bool> {
    let (id, counter, repeats) = (seen.begun.id, seen.counter, seen.repeats);
    let rows: Vec<Uuid> = db.execute(step!(REPEAT { id, counter, repeats, now })).await?;
    Ok(!rows.is_empty())
}

/// Records when and how the user of the gate's session reauthenticated.
pub(super) fn update_authentication(gate: Gate, how: &Authentication) -> Step {
    let Gate { user_id: owner, session_id: id, .. } = gate;
    step!(PROVE_AGAIN { owner, id, now: how.at, amr: how.methods })
}

/// Ends a session for any caller; fails if it had ended.
pub(super) fn revoke(id: Uuid, reason: &str, now: OffsetDateTime) -> Vec<Step> {
    vec![step!(IS_LIVE { id }), step!(END { id, now, reason })]
}

/// The caller's sessions that a logout ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The one the token belongs to.
    #[default]
    This,
    /// All but that one.
    Others,
    /// All.
    All,
}

impl Scope {
    /// The name.
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
    let Gate { user_id: owner, session_id: id, now, .. } = gate;
    match scope {
        Scope::This => step!(END_OWN { owner, id, now, reason: "logout" }),
        Scope::Others => end_other_sessions(gate, "logout_others"),
        Scope::All => end_sessions(owner, now, "logout_all"),
    }
}

/// A user's live sessions, newest first, at most a thousand; `None` if there is no such user.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    owner: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Vec<SessionView>>> {
    let rows: Vec<Option<SessionView>> =
        db.read_by(authority, step!(LIST_OF_USER { owner, now })).await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
}

/// Ends one session of a user; not found unless it is live and theirs.
pub(super) fn revoke_one(owner: Uuid, id: Uuid, now: OffsetDateTime, reason: &str) -> [Step; 2] {
    [step!(IS_OWN { owner, id, now }), step!(END_OWN { owner, id, now, reason })]
}

/// Ends the sessions of all users.
pub(super) fn revoke_everybodys(now: OffsetDateTime) -> Step {
    step!(END_EVERYBODYS { now, reason: "revoked" })
}

/// The user of this live session.
pub(super) async fn find_owner(
    db: &Database,
    id: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Uuid>> {
    db.find(step!(FIND_OWNER { id, now })).await
}

/// Deletes at most `limit` sessions whose absolute limit is before `horizon`, oldest first; returns their
/// number.
pub(super) async fn delete_past(
    db: &Database,
    horizon: OffsetDateTime,
    limit: i64,
) -> Result<usize> {
    let rows: Vec<Uuid> = db.execute(step!(DELETE_PAST { horizon, limit })).await?;
    Ok(rows.len())
}
