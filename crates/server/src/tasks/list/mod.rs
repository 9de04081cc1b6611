//! `GET` the tasks of the caller: a plain array, filtered and sorted, page after page by keyset, so
//! that the cost of a page does not grow with its number. The next page is a `Link` (RFC 8288).

pub(super) mod cursor;
pub(super) mod search;
pub(super) mod sort;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value as Json;
use time::OffsetDateTime;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::error::Error;
use crate::gate::Gate;
use crate::http::Listing;
use crate::input::{
    Field, Fields, Flag, Letters, Once, Opaque, Page, QueryInstant, Refusal, TextLimits, text,
};
use crate::tasks::fields::Priority;
use crate::tasks::owner::Owner;
use crate::tasks::tags::Tag;
use crate::tasks::task::Task;
use crate::tasks::{Tasks, store};
use cursor::TaskCursor;
use sort::Sort;

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
    /// With this tag.
    pub(super) tag: Option<Tag>,
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
    pub(super) place: Page<TaskCursor>,
}

/// List your tasks
///
/// An array, oldest first. Where there are more, `Link: <…>; rel="next"` is the next page. Tasks with long
/// texts make a page end before its limit: one has a megabyte at most.
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
        ("tag" = Option<String>, Query, min_length = 1, max_length = 50,
            description = "With this tag, exactly"),
        ("sort" = Option<String>, Query,
            pattern = "^-?(created_at|updated_at|due_at|title|priority)$",
            description = "`created_at` (default), `updated_at`, `due_at`, `title` or `priority`; \
                `-` before it for descending"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000,
            description = "Tasks a page at most, 100 by default"),
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
    Owner { gate, .. }: Owner,
    listing: Listing,
) -> Result<Response, Error> {
    let page = TaskPage::read(listing.fields(), gate.user_id)?;
    let (found, next) = tasks.list(gate, &page).await?;
    Ok(listing.reply(found, next.map(|next| next.encode(gate.user_id, page.sort))))
}

impl TaskPage {
    fn read(mut fields: Fields, owner: Uuid) -> Result<Self, Error> {
        let flag = fields.optional("completed").map(|Flag(flag)| flag);
        let priority = fields.optional("priority").map(|Once(priority)| priority);
        let due_before = fields.optional("due_before").map(|QueryInstant(at)| at);
        let due_after = fields.optional("due_after").map(|QueryInstant(at)| at);
        let q = fields.optional("q").map(|Search(q)| q).filter(|q| !q.is_empty());
        let tag = fields.optional("tag");
        let sort: Sort = fields.optional("sort").unwrap_or_default();
        let Page { after, limit } = Page::read(&mut fields);
        let after = after.map(|Opaque(cursor)| TaskCursor::decode(&cursor, owner, sort));
        if after == Some(None) {
            fields.refuse("cursor", "is not from the page before this one", "value_error");
        }
        fields.finish()?;
        let filter = TaskFilter { completed: flag, priority, due_before, due_after, q, tag };
        Ok(Self { filter, sort, place: Page { after: after.flatten(), limit } })
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
        let next = page
            .place
            .cut_by_bytes(&mut found, Task::json_bytes, |last| TaskCursor::after(last, page.sort));
        Ok((found, next))
    }
}

struct Search(String);

const SEARCH: TextLimits =
    TextLimits { trimmed: false, blank: true, max: 200, letters: Letters::Lines };

impl Field for Search {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        SEARCH.read(text(value)?.into()).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        SEARCH.schema().into()
    }
}
