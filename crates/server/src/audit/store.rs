//! The statements on `audit_log` and its horizon. Rows are inserted, listed, and deleted once they are older
//! than the horizon; the database rejects everything else.

use std::net::IpAddr;

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::list::{AuditFilter, Entry};
use super::{Event, Outcome, Record};
use crate::db::{Database, Effort};
use crate::gate::Authority;
use crate::input::Page;
use crate::sql::{Result, Step};
use crate::{statements, step, text};

const END: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999 UTC);

/// What a row adds to the size of a page.
const WEIGHT: &str = "coalesce(octet_length(rows.detail), 0) + coalesce(octet_length(rows.user_agent), 0) \
    + 400";

/// A page is a range of one index, chosen by the most selective filter.
macro_rules! page {
    ($narrow:literal) => {
        text!(
            "SELECT ", Entry::COLUMNS, " FROM audit_log WHERE ", $narrow,
            "(at, id) < (:before, :before_id) AND at >= :since \
             AND (event = :event OR :event IS NULL) AND (outcome = :outcome OR :outcome IS NULL) \
             AND (ip = :ip OR :ip IS NULL) AND (request_id = :request_id OR :request_id IS NULL) \
             ORDER BY at DESC, id DESC LIMIT :limit"
        )
    };
}

statements! {
    INSERT = "INSERT INTO audit_log (id, at, event, outcome, actor, actor_id, subject_id, session_id, \
        detail, ip, user_agent, request_id) VALUES (:id, :at, :event, :outcome, :actor, :actor_id, \
        :subject_id, :session_id, :detail, :ip, :user_agent, :request_id)";
    LIST = page!(""), weighed WEIGHT;
    LIST_BY_EVENT = page!("event = :event AND "), weighed WEIGHT;
    LIST_BY_SUBJECT = page!("subject_id = :subject AND "), weighed WEIGHT;
    LIST_BY_ACTOR = page!("actor_id = :actor AND "), weighed WEIGHT;
    LIST_BY_BOTH = page!("subject_id = :subject AND actor_id = :actor AND "), weighed WEIGHT;
    // What the owner of an account sees of its sign-ins.
    LIST_SIGN_INS = text!(
        "SELECT ", Entry::COLUMNS, " FROM audit_log WHERE subject_id = :subject \
         AND (at, id) < (:before, :before_id) AND event IN (:login, :first_step, :code) \
         ORDER BY at DESC, id DESC LIMIT :limit"
    );
    MOVE_HORIZON = "UPDATE audit_horizon SET at = :at WHERE at < :at";
    DELETE_PAST = "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log WHERE at < :at \
        ORDER BY at, id LIMIT :limit) RETURNING id";
}

/// Appends a record.
pub(super) fn insert(id: Uuid, at: OffsetDateTime, record: Record) -> Step {
    step!(INSERT {
        id,
        at,
        event: record.event.as_str(),
        outcome: record.outcome.as_str(),
        actor: record.actor,
        actor_id: record.actor_id,
        subject_id: record.subject_id,
        session_id: record.session_id,
        detail: record.detail,
        ip: record.origin.ip.map(|ip| ip.to_string()),
        user_agent: record.origin.user_agent,
        request_id: record.origin.request_id,
    })
}

/// Successful and failed sign-ins to an account, newest first, one row more than the page.
pub(super) async fn list_sign_ins(
    db: &Database,
    authority: Authority,
    subject: Uuid,
    page: Page,
) -> Result<Vec<Entry>> {
    let (before, before_id) =
        page.after.map_or((END, Uuid::nil()), |cursor| (cursor.at, cursor.id));
    let [login, first_step, code] =
        [Event::Login, Event::LoginFirstStep, Event::FactorVerify].map(Event::as_str);
    let limit = page.limit + 1;
    let step = step!(LIST_SIGN_INS { subject, before, before_id, login, first_step, code, limit });
    db.read_by(authority, step).await
}

/// Newest first, one row more than the page.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    filter: AuditFilter,
    page: Page,
) -> Result<Vec<Entry>> {
    const START: OffsetDateTime = datetime!(1970-01-01 0:00 UTC);
    let until = filter.until.unwrap_or(END);
    let (before, before_id) =
        page.after.map_or((until, Uuid::nil()), |cursor| (cursor.at, cursor.id));
    let since = filter.since.unwrap_or(START);
    let (event, outcome) = (filter.event.map(Event::as_str), filter.outcome.map(Outcome::as_str));
    // Addresses are stored in canonical form.
    let canonical = |text: String| match text.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => text,
    };
    let (ip, request_id) = (filter.ip.map(canonical), filter.request_id);
    let limit = page.limit + 1;
    // These have no index, so the next match can be far away.
    let others = outcome.is_some() || ip.is_some() || request_id.is_some();
    let is_narrow = filter.user.is_some() || filter.actor.is_some();
    let effort =
        if others || is_narrow && event.is_some() { Effort::Search } else { Effort::Quick };
    macro_rules! page_of {
        ($sql:ident $($narrow:ident)*) => {
            step!($sql { $($narrow,)* before, before_id, since, event, outcome, ip, request_id, limit })
        };
    }
    let step = match (filter.user, filter.actor) {
        (None, None) if event.is_some() => page_of!(LIST_BY_EVENT),
        (None, None) => page_of!(LIST),
        (Some(subject), None) => page_of!(LIST_BY_SUBJECT subject),
        (None, Some(actor)) => page_of!(LIST_BY_ACTOR actor),
        (Some(subject), Some(actor)) => page_of!(LIST_BY_BOTH subject actor),
    };
    match authority {
        Authority::Caller(gate) => db.page_as(gate, step, limit, effort).await,
        Authority::Operator => db.query(step).await,
    }
}

/// Deletes up to `limit` records from before `horizon`; returns their number.
pub(super) async fn delete_past(
    db: &Database,
    horizon: OffsetDateTime,
    limit: i64,
) -> Result<usize> {
    let steps =
        vec![step!(MOVE_HORIZON { at: horizon }), step!(DELETE_PAST { at: horizon, limit })];
    let rows = db.write(steps).await?;
    Ok(rows.into_iter().nth(1).map_or(0, |deleted| deleted.len()))
}
