//! The statements of lists, one set per order. Each filters by owner first and uses the owner's view.

use super::TaskPage;
use super::cursor::TaskCursor;
use super::rows::TaskRows;
use super::search::Patterns;
use super::sort::Sort;
use crate::db::{Database, Effort};
use crate::gate::Gate;
use crate::http::JsonRow;
use crate::sql::{Result, Sql};
use crate::tasks::tags::Tag;
use crate::tasks::task::Task;
use crate::{step, text};

/// A list shows the owner without asking for it.
const LISTED: &str = <Task as JsonRow>::LISTED;

/// What a row adds to the size of a page.
pub(in crate::tasks) const WEIGHT: &str = "octet_length(rows.title) + coalesce(octet_length(rows.description), 0) \
    + coalesce(octet_length(rows.tags), 0) + coalesce(octet_length(rows.metadata), 0)";

const FILTERS: &str = " AND (completed = :completed OR :completed IS NULL) \
    AND (priority = :priority OR :priority IS NULL) \
    AND (due_at < :due_before OR :due_before IS NULL) \
    AND (due_at > :due_after OR :due_after IS NULL) \
    AND (textregexeq(tags, :tag) OR :tag IS NULL) \
    AND (textregexeq(title_search, :composed) OR :composed IS NULL \
    OR textregexeq(description_search, :composed) OR textregexeq(title_search, :decomposed) \
    OR textregexeq(description_search, :decomposed))";

const SKIPPED: &str = " OFFSET :offset";

/// One page.
macro_rules! page {
    ($column:literal, $way:literal, $also:expr, $where:expr, $skipped:expr) => {
        text!(
            "SELECT ",
            LISTED,
            $also,
            " FROM {own_tasks} WHERE user_id = :owner",
            $where,
            " ORDER BY ",
            $column,
            $way,
            ", id",
            $way,
            " LIMIT :limit",
            $skipped
        )
    };
}

/// An index range that starts after the cursor, so the cost of a page does not grow with its number.
macro_rules! beyond {
    ($column:literal, $beyond:literal) => {
        concat!(" AND (", $column, ", id) ", $beyond, " (:key, :id)")
    };
}

/// Declares the statements of each order: a page, one with filters, which can also skip rows, and one that
/// returns the total of its filters too, in a row without a task if it is empty.
macro_rules! orders {
    ($($plain:ident $filtered:ident $counted:ident = $column:literal $beyond:literal $way:literal;)+) => {
        crate::statements! {$(
            $plain = page!($column, $way, "", beyond!($column, $beyond), ""), weighed WEIGHT;
            $filtered = page!(
                $column, $way, "", text!(beyond!($column, $beyond), FILTERS), SKIPPED
            ), weighed WEIGHT;
            $counted = text!(
                "SELECT total, ",
                LISTED,
                " FROM (SELECT count(*) AS total FROM {own_tasks} WHERE user_id = :owner",
                FILTERS,
                ") counted LEFT JOIN (",
                page!(
                    $column, $way, concat!(", ", $column, " AS place"),
                    text!(beyond!($column, $beyond), FILTERS), SKIPPED
                ),
                ") page ON TRUE ORDER BY place",
                $way,
                ", id",
                $way
            ), weighed WEIGHT;
        )+}

        const PAGES: [Sql; 10] = [$($plain),+];
        const FILTERED_PAGES: [Sql; 10] = [$($filtered),+];
        const COUNTED_PAGES: [Sql; 10] = [$($counted),+];
    };
}

// In the order of [`place`]. Unused filters would keep PostgreSQL from using the index, and so would a first
// page without a range: PostgreSQL would rather sort all tasks of somebody who it thinks has few.
orders! {
    CREATED CREATED_FILTERED CREATED_COUNTED = "created_at" ">" "";
    CREATED_DOWN CREATED_DOWN_FILTERED CREATED_DOWN_COUNTED = "created_at" "<" " DESC";
    UPDATED UPDATED_FILTERED UPDATED_COUNTED = "updated_at" ">" "";
    UPDATED_DOWN UPDATED_DOWN_FILTERED UPDATED_DOWN_COUNTED = "updated_at" "<" " DESC";
    DUE DUE_FILTERED DUE_COUNTED = "due_sort" ">" "";
    DUE_DOWN DUE_DOWN_FILTERED DUE_DOWN_COUNTED = "due_sort" "<" " DESC";
    TITLE TITLE_FILTERED TITLE_COUNTED = "title" ">" "";
    TITLE_DOWN TITLE_DOWN_FILTERED TITLE_DOWN_COUNTED = "title" "<" " DESC";
    PRIORITY PRIORITY_FILTERED PRIORITY_COUNTED = "priority" ">" "";
    PRIORITY_DOWN PRIORITY_DOWN_FILTERED PRIORITY_DOWN_COUNTED = "priority" "<" " DESC";
}

/// Reads the tasks of a page, one more than requested if there is a next page, after the total if requested.
pub(super) async fn list(
    db: &Database,
    gate: Gate,
    page: &TaskPage,
    rows: TaskRows,
) -> Result<TaskRows> {
    let TaskCursor { key, id } = page.place.after.clone().unwrap_or_else(|| page.sort.start());
    let (owner, filter) = (gate.user_id, &page.filter);
    let limit = page.place.limit + 1;
    let at = place(page.sort);
    if filter.is_empty() && page.offset == 0 && !page.counts {
        let step = step!(PAGES[at] { owner, key, id, limit });
        return db.page_into(gate, step, limit, Effort::Quick, rows).await;
    }
    let patterns = filter.q.as_ref().map(|q| Patterns::of(&q.0));
    let searches = patterns.is_some() || filter.tag.is_some() || page.counts;
    let effort = if searches { Effort::Search } else { Effort::Quick };
    macro_rules! filtered {
        ($pages:ident) => {
            step!($pages[at] {
                owner,
                key,
                id,
                completed: filter.completed,
                priority: filter.priority,
                due_before: filter.due_before,
                due_after: filter.due_after,
                tag: filter.tag.as_ref().map(Tag::pattern),
                composed: patterns.as_ref().map(|patterns| patterns.composed.as_str()),
                decomposed: patterns.as_ref().and_then(|patterns| patterns.decomposed.as_deref()),
                limit,
                offset: page.offset,
            })
        };
    }
    let step = if page.counts { filtered!(COUNTED_PAGES) } else { filtered!(FILTERED_PAGES) };
    db.page_into(gate, step, limit, effort, rows).await
}

/// The index of this order: two per column, ascending then descending.
fn place(sort: Sort) -> usize {
    2 * sort.column as usize + usize::from(sort.descending)
}
