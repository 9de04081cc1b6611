//! `GET` the caller's tasks: an array, filtered and sorted, with keyset pagination, so that the cost of a
//! page does not grow with its number. The next page is a `Link` (RFC 8288).

pub(super) mod cursor;
pub(super) mod rows;
pub(super) mod search;
pub(super) mod sort;
pub(super) mod store;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::error::Error;
use crate::gate::Gate;
use crate::http::{Listing, total_count};
use crate::input::{
    Fields, Letters, Opaque, Page, Parameter, Parameters, Reach, Refusal, TextLimits, query,
};
use crate::tasks::Tasks;
use crate::tasks::fields::Priority;
use crate::tasks::owner::Owner;
use crate::tasks::tags::Tag;
use crate::tasks::task::Task;
use cursor::TaskCursor;
use rows::TaskRows;
use sort::Sort;

query! {
    /// Which tasks; `None` asks for all.
    #[derive(Default, PartialEq, Eq)]
    pub struct TaskFilter {
        /// Only completed tasks, or only open ones
        pub completed: Option<bool>,
        /// Only tasks of this priority
        pub priority: Option<Priority>,
        /// Only tasks due before this time
        pub due_before: Option<OffsetDateTime>,
        /// Only tasks due after this time
        pub due_after: Option<OffsetDateTime>,
        /// Only tasks whose title or description contains this text, ignoring case
        pub q: Option<Search>,
        /// Only tasks with exactly this tag
        pub(super) tag: Option<Tag>,
    }
}

query! {
    /// The order.
    struct TaskOrder {
        /// `created_at` (default), `updated_at`, `due_at`, `title` or `priority`; prefix it with `-` for
        /// descending order
        sort: Sort,
    }
}

impl TaskFilter {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A page of an order.
#[derive(Clone, Debug)]
pub(super) struct TaskPage {
    pub(super) filter: TaskFilter,
    pub(super) sort: Sort,
    pub(super) place: Page<TaskCursor>,
    /// Rows to skip.
    pub(super) offset: i64,
    /// Whether to count all tasks that match the filter.
    pub(super) counts: bool,
}

/// List your tasks
///
/// An array, oldest first. If there are more entries, `Link: <…>; rel="next"` is the next page. A page is at
/// most one megabyte, so a page of tasks with long texts can be shorter than its limit.
#[utoipa::path(
    get,
    path = "",
    operation_id = "tasks.list",
    tag = "tasks",
    security(("bearer" = [])),
    params(TaskFilter, TaskOrder, Page<Opaque>, Reach),
    responses(
        (status = 200, description = "Your tasks", body = [Task], headers(
            ("Link" = String, description = "The next page, if there is one"),
            ("X-Total-Count" = i64, description = "Tasks on all pages, with `total=true`"),
        )),
        (status = 422, description = "Invalid parameters; all of them are reported"),
    )
)]
pub(super) async fn list(
    State(tasks): State<Tasks>,
    Owner { gate, name, .. }: Owner,
    listing: Listing,
) -> Result<Response, Error> {
    let page = TaskPage::read(listing.fields(), gate.user_id)?;
    let rows = TaskRows::new(listing.rows(page.place.limit), &page, gate.user_id, &name);
    let (list, next, total) = tasks.list(gate, &page, rows).await?.finish();
    let next = next.map(|next| next.encode(gate.user_id, page.sort));
    Ok((total_count(total), listing.reply_with(list, next)).into_response())
}

impl TaskPage {
    fn read(mut fields: Fields, owner: Uuid) -> Result<Self, Error> {
        let (filter, TaskOrder { sort }, Page { after, limit }) = Parameters::read(&mut fields);
        let after = after.map(|Opaque(cursor)| TaskCursor::decode(&cursor, owner, sort));
        let reach = Reach::read(&mut fields);
        if reach.offset.is_some() && after.is_some() {
            fields.refuse("offset", "must not be given with a cursor", "value_error");
        }
        if after == Some(None) {
            fields.refuse("cursor", "was not issued by this list", "value_error");
        }
        fields.finish()?;
        let place = Page { after: after.flatten(), limit };
        Ok(Self { filter, sort, place, offset: reach.skipped(), counts: reach.total })
    }
}

impl Tasks {
    /// Reads one page of the gate's user's tasks.
    pub(super) async fn list(
        &self,
        gate: Gate,
        page: &TaskPage,
        rows: TaskRows,
    ) -> Result<TaskRows, Error> {
        Ok(store::list(&self.db, gate, page, rows).await?)
    }
}

/// The text to search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(pub(super) String);

const SEARCH: TextLimits =
    TextLimits { trimmed: false, blank: true, max: 200, letters: Letters::Lines };

impl Parameter for Search {
    const EMPTY_IS_NONE: bool = true;

    fn from_text(text: String) -> Result<Self, Refusal> {
        SEARCH.read(text.into()).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        SEARCH.schema().into()
    }
}
