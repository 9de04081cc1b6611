//! The statements that import a batch of sessions, for both engines.

use time::OffsetDateTime;

use crate::db::bulk::{StagedKind as Kind, Staging};
use crate::gate::{active, live, not_ended};
use crate::sql::{Sql, Step};
use crate::{statement, step};

/// Sessions. `here` is the session created from the same token by an earlier import.
pub(super) const SESSIONS: Staging = Staging {
    name: "incoming_sessions",
    columns: &[
        ("ordinal", Kind::Int),
        ("id", Kind::Uuid),
        ("owner", Kind::Text),
        ("digest", Kind::Bytes),
        ("salt", Kind::Bytes),
        ("ip", Kind::Text),
        ("user_agent", Kind::Text),
        ("created_at", Kind::Time),
        ("last_seen_at", Kind::Time),
        ("until", Kind::Time),
        ("user_id", Kind::Uuid),
        ("here", Kind::Uuid),
        ("fate", Kind::Text),
    ],
    filled: 10,
    key: "ordinal",
};

/// Maximum number of sessions that one statement ends.
pub(super) const AT_ONCE: i64 = 5000;

const OWN_SESSIONS: Sql = statement!(
    "OWN_SESSIONS",
    "UPDATE incoming_sessions SET user_id = (SELECT i.user_id FROM identities i \
     WHERE i.issuer = :issuer AND i.subject = incoming_sessions.owner), \
     here = (SELECT m.session_id FROM imported_sessions m WHERE m.digest = incoming_sessions.digest)"
);
const LONELY_SESSIONS: Sql = statement!(
    "LONELY_SESSIONS",
    "UPDATE incoming_sessions SET fate = 'owner' WHERE user_id IS NULL"
);
// A session that was ended here stays ended, and one that now belongs to another user stays theirs.
const KNOWN_SESSIONS: Sql = statement!(
    "KNOWN_SESSIONS",
    concat!(
        "UPDATE incoming_sessions SET fate = (SELECT CASE WHEN s.user_id = incoming_sessions.user_id AND ",
        not_ended!("s."),
        " THEN 'known' ELSE 'ended' END FROM sessions s WHERE s.id = incoming_sessions.here) \
         WHERE fate IS NULL AND here IS NOT NULL"
    )
);
// A ban ends sessions; an import does not restore them.
const SHUT_OUT_SESSIONS: Sql = statement!(
    "SHUT_OUT_SESSIONS",
    concat!(
        "UPDATE incoming_sessions SET fate = 'shut_out' WHERE fate IS NULL AND (SELECT u.id FROM users u \
         WHERE u.id = incoming_sessions.user_id AND ",
        active!("u.", ":now"),
        ") IS NULL"
    )
);
// Ending all sessions of the account here also applies to sessions not imported until later.
const OUTDATED_SESSIONS: Sql = statement!(
    "OUTDATED_SESSIONS",
    "UPDATE incoming_sessions SET fate = 'outdated' WHERE fate IS NULL AND (SELECT max(s.ended_at) \
     FROM sessions s WHERE s.user_id = incoming_sessions.user_id AND s.end_reason NOT IN \
     ('logout', 'ended_by_owner', 'refresh_token_reused', 'ended_there')) > created_at"
);
// It was used at the source since.
const PROLONG_SESSIONS: Sql = statement!(
    "PROLONG_SESSIONS",
    "UPDATE sessions SET expires_at = n.until, max_expires_at = n.until, \
     last_seen_at = n.last_seen_at FROM incoming_sessions n WHERE sessions.id = n.here AND n.fate = 'known' \
     AND sessions.max_expires_at < n.until"
);
const SEE_SESSIONS: Sql = statement!(
    "SEE_SESSIONS",
    "UPDATE imported_sessions SET seen_at = :now FROM incoming_sessions n \
     WHERE imported_sessions.digest = n.digest AND imported_sessions.seen_at < :now"
);
// How its user authenticated is unknown, so `amr` names no method.
const INSERT_SESSIONS: Sql = statement!(
    "INSERT_SESSIONS",
    "INSERT INTO sessions (id, user_id, salt, ip, user_agent, created_at, rotated_at, last_seen_at, \
     expires_at, max_expires_at, auth_time, amr) SELECT id, user_id, salt, ip, user_agent, created_at, \
     last_seen_at, last_seen_at, until, until, created_at, '' FROM incoming_sessions \
     WHERE fate IS NULL"
);
const INSERT_IMPORTED: Sql = statement!(
    "INSERT_IMPORTED",
    "INSERT INTO imported_sessions (digest, session_id, issuer, seen_at) \
     SELECT digest, id, :issuer, :now FROM incoming_sessions WHERE fate IS NULL"
);
const SESSION_FATES: Sql = statement!(
    "SESSION_FATES",
    "SELECT ordinal, fate FROM incoming_sessions WHERE fate IS NOT NULL ORDER BY ordinal"
);

const END_GONE: Sql = statement!(
    "END_GONE",
    concat!(
        "UPDATE sessions SET ended_at = :now, end_reason = 'ended_there' WHERE id IN \
         (SELECT m.session_id FROM imported_sessions m JOIN sessions s ON s.id = m.session_id \
         WHERE m.issuer = :issuer AND m.seen_at < :now AND ",
        live!("s.", ":now"),
        " LIMIT :limit) RETURNING id"
    )
);
const COUNT_HERE: Sql = statement!(
    "COUNT_HERE",
    concat!(
        "SELECT count(*) FROM imported_sessions m JOIN sessions s ON s.id = m.session_id \
         WHERE m.issuer = :issuer AND ",
        live!("s.", ":now")
    )
);
const FIND_TABLES: Sql =
    statement!("FIND_TABLES", "SELECT doorward_better_auth_tables() IS NOT NULL");

/// Imports a batch of sessions; the last result contains the outcomes.
pub(super) fn take_sessions(issuer: &str, now: OffsetDateTime) -> Vec<Step> {
    vec![
        step!(OWN_SESSIONS { issuer }),
        step!(LONELY_SESSIONS),
        step!(KNOWN_SESSIONS),
        step!(SHUT_OUT_SESSIONS { now }),
        step!(OUTDATED_SESSIONS),
        step!(PROLONG_SESSIONS),
        step!(SEE_SESSIONS { now }),
        step!(INSERT_SESSIONS),
        step!(INSERT_IMPORTED { issuer, now }),
        step!(SESSION_FATES),
    ]
}

/// Ends some of the sessions that this run did not find.
pub(super) fn end_gone(issuer: &str, now: OffsetDateTime) -> Step {
    step!(END_GONE { issuer, now, limit: AT_ONCE })
}

/// Number of live sessions of this issuer.
pub(super) fn count_here(issuer: &str, now: OffsetDateTime) -> Step {
    step!(COUNT_HERE { issuer, now })
}

/// Whether Better Auth's tables are in this database.
pub(super) fn find_tables() -> Step {
    step!(FIND_TABLES)
}
