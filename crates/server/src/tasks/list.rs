//! `GET` the tasks of the caller: a plain array, filtered and sorted, page after page by keyset, so
//! that the cost of a page does not grow with its number. The next page is a `Link` (RFC 8288).

use axum::extract::State;
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse};
use serde_json::Value as Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::cursor::TaskCursor;
use super::fields::{Priority, instant};
use super::owner::Owner;
use super::sort::Sort;
use super::task::Task;
use super::{Tasks, store};
use crate::error::Error;
use crate::gate::Gate;
use crate::http::{QueryString, json};
use crate::input::{Field, Fields, text};

type Refusal = (String, &'static str);

/// Which tasks; `None` asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Done, or not.
    pub completed: Option<bool>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Due earlier than this.
    pub due_before: Option<OffsetDateTime>,
    /// Due later than this.
    pub due_after: Option<OffsetDateTime>,
    /// With this in the title or the description, whatever its case.
    pub q: Option<String>,
}

impl TaskFilter {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One page of one order.
#[derive(Clone, Debug)]
pub(super) struct TaskPage {
    pub(super) filter: TaskFilter,
    pub(super) sort: Sort,
    pub(super) after: TaskCursor,
    pub(super) limit: i64,
}

/// List your tasks
///
/// An array, oldest first. Where there are more, `Link: <…>; rel="next"` is the next page.
#[utoipa::path(
    get,
    path = "",
    operation_id = "tasks.list",
    tag = "tasks",
    security(("bearer" = [])),
    params(
        ("completed" = Option<bool>, Query, description = "Done, or not"),
        ("priority" = Option<Priority>, Query, description = "Of this priority"),
        ("due_before" = Option<OffsetDateTime>, Query, description = "Due earlier than this"),
        ("due_after" = Option<OffsetDateTime>, Query, description = "Due later than this"),
        ("q" = Option<String>, Query, max_length = 200,
            description = "With this in title or description, whatever its case"),
        ("sort" = Option<String>, Query,
            pattern = "^-?(created_at|updated_at|due_at|title|priority)$",
            description = "`created_at` (default), `updated_at`, `due_at`, `title` or `priority`; \
                `-` before it for descending"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000,
            description = "Tasks a page, 100 by default"),
        ("cursor" = Option<String>, Query, description = "From the `Link` of the page before"),
    ),
    responses(
        (status = 200, description = "Your tasks", body = [Task], headers(
            ("Link" = String, description = "The next page, if there is one"),
        )),
        (status = 422, description = "Invalid parameters, all of them named"),
    )
)]
pub(super) async fn list(
    State(tasks): State<Tasks>,
    Owner { gate, path }: Owner,
    query: QueryString,
) -> Result<impl IntoResponse, Error> {
    let page = TaskPage::read(query.fields(), gate.user_id)?;
    let (found, next) = tasks.list(gate, &page).await?;
    let next = next.map(|cursor| query.with("cursor", &cursor.encode(gate.user_id, page.sort)));
    let link = next.map(|query| (header::LINK, format!("<{path}?{query}>; rel=\"next\"")));
    Ok((AppendHeaders(link), json(found)))
}

impl TaskPage {
    fn read(mut fields: Fields, owner: Uuid) -> Result<Self, Error> {
        let flag = fields.optional("completed").map(|Flag(flag)| flag);
        let priority = fields.optional("priority").map(|Once(priority)| priority);
        let due_before = fields.optional("due_before").map(|Instant(at)| at);
        let due_after = fields.optional("due_after").map(|Instant(at)| at);
        let q = fields.optional("q").map(|Search(q)| q).filter(|q| !q.is_empty());
        let sort: Sort = fields.optional("sort").unwrap_or_default();
        let limit = fields.optional("limit").map_or(100, |Limit(limit)| limit);
        let after = match fields.optional("cursor") {
            None => Some(sort.start()),
            Some(Token(cursor)) => TaskCursor::decode(&cursor, owner, sort),
        };
        if after.is_none() {
            fields.refuse("cursor", "is not from the page before this one", "value_error");
        }
        fields.finish()?;
        let filter = TaskFilter { completed: flag, priority, due_before, due_after, q };
        Ok(Self { filter, sort, after: after.unwrap_or_else(|| sort.start()), limit })
    }
}

impl Tasks {
    /// One page of the gate's user's tasks, and where the next begins if there is one.
    pub(super) async fn list(
        &self,
        gate: Gate,
        page: &TaskPage,
    ) -> Result<(Vec<Task>, Option<TaskCursor>), Error> {
        let mut found = store::list(&self.db, gate, page).await?;
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|last| TaskCursor::after(last, page.sort));
        Ok((found, next))
    }
}

struct Flag(bool);

impl Field for Flag {
    /// In any case, because Python's clients send `True`.
    fn from_json(value: Json) -> Result<Self, Refusal> {
        match text(value)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err(("must be true or false".into(), "bool_parsing")),
        }
    }
}

struct Once<T>(T);

impl<T: Field> Field for Once<T> {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        T::from_json(text(value)?.into()).map(Self)
    }
}

struct Instant(OffsetDateTime);

impl Field for Instant {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        let message = "must be an RFC 3339 date and time with offset, + written as %2B";
        instant(&text(value)?).map(Self).ok_or_else(|| (message.into(), "datetime_parsing"))
    }
}

struct Search(String);

impl Field for Search {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        let text = text(value)?;
        if text.chars().count() > 200 {
            return Err(("must have at most 200 characters".into(), "string_too_long"));
        }
        if text.contains('\0') {
            return Err(("must not contain NUL".into(), "value_error"));
        }
        Ok(Self(text))
    }
}

struct Limit(i64);

impl Field for Limit {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        let limit = text(value)?.parse().ok().filter(|limit| (1..=1000).contains(limit));
        limit.map(Self).ok_or_else(|| ("must be a number from 1 to 1000".into(), "int_parsing"))
    }
}

struct Token(String);

impl Field for Token {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        text(value).map(Self)
    }
}
