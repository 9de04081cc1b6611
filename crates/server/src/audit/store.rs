//! Every statement on `audit_log` and its horizon. Rows are inserted, listed, and deleted once they
//! are past the horizon; the database refuses everything else.

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::Record;
use super::list::{AuditFilter, Entry};
use crate::db::{Columns, Database, FromRow};
use crate::gate::Authority;
use crate::input::Page;
use crate::sql::{Result, Step};
use crate::{params, statements};

/// A page is a range of one index; the narrowest of the filters chooses which.
macro_rules! page {
    ($narrow:literal) => {
        concat!(
            "SELECT id, at, event, outcome, actor, actor_id, subject_id, session_id, detail, ip, \
             user_agent, request_id FROM audit_log WHERE ",
            $narrow,
            "(at, id) < ($1, $2) AND at >= $3 AND (event = $4 OR $4 IS NULL) \
             AND (outcome = $5 OR $5 IS NULL) AND (ip = $6 OR $6 IS NULL) \
             AND (request_id = $7 OR $7 IS NULL) ORDER BY at DESC, id DESC LIMIT $8"
        )
    };
}

statements! {
    INSERT = "INSERT INTO audit_log (id, at, event, outcome, actor, actor_id, subject_id, session_id, \
        detail, ip, user_agent, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    LIST = page!("");
    LIST_BY_SUBJECT = page!("subject_id = $9 AND ");
    LIST_BY_ACTOR = page!("actor_id = $9 AND ");
    LIST_BY_BOTH = page!("subject_id = $9 AND actor_id = $10 AND ");
    MOVE_HORIZON = "UPDATE audit_horizon SET at = $1 WHERE at < $1";
    DELETE_PAST = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < $1 \
        ORDER BY at, id LIMIT $2) RETURNING id";
}

impl FromRow for Entry {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            event: row.get(2)?,
            outcome: row.get(3)?,
            actor: row.get(4)?,
            actor_id: row.get(5)?,
            subject_id: row.get(6)?,
            session_id: row.get(7)?,
            detail: row.get(8)?,
            ip: row.get(9)?,
            user_agent: row.get(10)?,
            request_id: row.get(11)?,
        })
    }
}

/// Appends a record.
pub(super) fn insert(id: Uuid, at: OffsetDateTime, record: Record) -> Step {
    let values = params![
        id,
        at,
        record.event.as_str(),
        record.outcome.as_str(),
        record.actor,
        record.actor_id,
        record.subject_id,
        record.session_id,
        record.detail,
        record.origin.ip.map(|ip| ip.to_string()),
        record.origin.user_agent,
        record.origin.request_id,
    ];
    Step::new(INSERT, values)
}

/// One row more than the page holds, newest first.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    filter: AuditFilter,
    page: Page,
) -> Result<Vec<Entry>> {
    const START: OffsetDateTime = datetime!(1970-01-01 0:00 UTC);
    const END: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999 UTC);
    let until = filter.until.unwrap_or(END);
    let first = page.after.map_or((until, Uuid::nil()), |cursor| (cursor.at, cursor.id));
    let mut values = params![
        first.0,
        first.1,
        filter.since.unwrap_or(START),
        filter.event,
        filter.outcome,
        filter.ip,
        filter.request_id,
        page.limit + 1,
    ];
    let sql = match (filter.subject, filter.actor) {
        (None, None) => LIST,
        (Some(_), None) => LIST_BY_SUBJECT,
        (None, Some(_)) => LIST_BY_ACTOR,
        (Some(_), Some(_)) => LIST_BY_BOTH,
    };
    values.extend(filter.subject.into_iter().chain(filter.actor).map(Into::into));
    db.read_by(authority, Step::new(sql, values)).await
}

/// Deletes up to `limit` records from before `horizon`; how many there were.
pub(super) async fn delete_past(
    db: &Database,
    horizon: OffsetDateTime,
    limit: i64,
) -> Result<usize> {
    let steps = vec![
        Step::new(MOVE_HORIZON, params![horizon]),
        Step::new(DELETE_PAST, params![horizon, limit]),
    ];
    let rows = db.write(steps).await?;
    Ok(rows.into_iter().nth(1).map_or(0, |deleted| deleted.len()))
}
