//! The rows of a page as they are read: written as JSON up to the page's end, which is its limit or its size.

use uuid::Uuid;

use super::TaskPage;
use super::cursor::TaskCursor;
use super::sort::Sort;
use crate::db::{Columns, RowSink};
use crate::http::JsonRows;
use crate::input::PAGE_BYTES;
use crate::sql::Result;
use crate::tasks::owner::OwnName;
use crate::tasks::task::Task;

/// A page of at least this size could end before its limit.
const LARGE: usize = PAGE_BYTES / 16;

/// A page that is being read.
#[derive(Debug)]
pub(in crate::tasks) struct TaskRows {
    list: JsonRows,
    /// The owner's id as shown, in JSON.
    owner: Vec<u8>,
    sort: Sort,
    limit: usize,
    counts: bool,
    /// The last task that was written, if the page could end after it.
    last: Option<TaskCursor>,
    is_full: bool,
    total: i64,
}

impl TaskRows {
    /// The tasks of this page, still to be read.
    pub(super) fn new(list: JsonRows, page: &TaskPage, owner: Uuid, name: &OwnName) -> Self {
        Self {
            list,
            owner: serde_json::to_vec(&name.shown(owner)).unwrap_or_default(),
            sort: page.sort,
            limit: usize::try_from(page.place.limit).unwrap_or_default(),
            counts: page.counts,
            last: None,
            is_full: false,
            total: 0,
        }
    }

    /// The list, the cursor of the next page if there is one, and the total if it was counted.
    pub(super) fn finish(self) -> (JsonRows, Option<TaskCursor>, Option<i64>) {
        let next = self.last.filter(|_| self.is_full);
        (self.list, next, self.counts.then_some(self.total))
    }
}

impl RowSink for TaskRows {
    fn take(&mut self, row: &mut Columns<'_>) -> Result<()> {
        if self.counts {
            self.total = row.read()?;
            // A row of its own if there is no task.
            if row.is_null()? {
                return Ok(());
            }
        }
        self.is_full |= self.list.count() == self.limit;
        if self.is_full {
            return Ok(());
        }
        let start = row.clone();
        let most = if self.last.is_some() { PAGE_BYTES } else { usize::MAX };
        self.is_full = !self.list.push::<Task>(row, &self.owner, most)?;
        let could_be_last = self.list.count() == self.limit || self.list.bytes() > LARGE;
        if could_be_last && !self.is_full {
            self.last = Some(TaskCursor::after(&start, self.sort)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse;
    use serde_json::{Value as Json, json};
    use time::macros::datetime;

    use super::*;
    use crate::db::Row;
    use crate::input::{LATEST, Page};
    use crate::sql::Value;
    use crate::tasks::list::TaskFilter;
    use crate::tasks::list::cursor::SortKey;
    use crate::tasks::list::sort::Column;

    const OWNER: Uuid = Uuid::from_u128(7);

    /// A listed task as PostgreSQL returns it, or as SQLite does.
    fn row(number: u128, text: &str, is_sqlite: bool) -> Row {
        let mut columns = columns(number, text, is_sqlite);
        columns.remove(1);
        columns.pop();
        Row::of(columns)
    }

    /// All of its columns.
    fn task(number: u128, text: &str, is_sqlite: bool) -> Task {
        Row::of(columns(number, text, is_sqlite)).read().unwrap()
    }

    fn columns(number: u128, text: &str, is_sqlite: bool) -> Vec<Value> {
        let at = datetime!(2026-11-20 12:00:00.123 UTC);
        let id = Uuid::from_u128(number);
        let optional = |value: Value| if text.is_empty() { Value::Null } else { value };
        let metadata = json!({"a": [1, text]}).to_string();
        let columns = [
            id.into(),
            OWNER.into(),
            text.into(),
            optional(text.repeat(20).into()),
            Value::Bool(!text.is_empty()),
            optional(at.into()),
            Value::Int(3),
            optional(at.into()),
            optional(format!("\nx\n{}\n", text.replace('\n', "")).into()),
            optional(metadata.into()),
            at.into(),
            at.replace_nanosecond(0).unwrap().into(),
            Value::Int(9),
        ];
        if is_sqlite { columns.map(Value::stored_in_sqlite) } else { columns }.into()
    }

    fn page(limit: i64, counts: bool) -> TaskPage {
        let place = Page { after: None, limit };
        TaskPage { filter: TaskFilter::default(), sort: Sort::default(), place, offset: 0, counts }
    }

    fn read(page: &TaskPage, name: &OwnName, rows: &[Row]) -> TaskRows {
        let list = JsonRows::new(rows.len(), None);
        let mut into = TaskRows::new(list, page, OWNER, name);
        for row in rows {
            into.take(&mut row.columns()).unwrap();
        }
        into
    }

    fn cursor(row: &Row, sort: Sort) -> TaskCursor {
        TaskCursor::after(&row.columns(), sort).unwrap()
    }

    async fn text(list: JsonRows) -> String {
        let body = to_bytes(list.into_response().into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.into()).unwrap()
    }

    #[tokio::test]
    async fn a_list_is_what_serde_writes_whatever_the_database() {
        let every: String = (1..0x100_u32).filter_map(char::from_u32).chain(['🦀']).collect();
        for name in [OwnName::none(), OwnName::of("a \"name\"")] {
            for is_sqlite in [false, true] {
                let texts = ["", "plain", &every];
                let rows = texts.map(|text| row(1, text, is_sqlite));
                let tasks = texts.map(|text| name.seen(task(1, text, is_sqlite)));
                let (list, next, total) = read(&page(9, false), &name, &rows).finish();
                assert_eq!((next, total), (None, None));
                assert_eq!(text(list).await, serde_json::to_string(&tasks).unwrap());
            }
        }
    }

    #[tokio::test]
    async fn a_page_ends_at_its_limit_and_says_after_which_task() {
        let rows: Vec<Row> = (1..=3).map(|number| row(number, "a", true)).collect();
        for (limit, shown) in [(1, 1), (2, 2), (3, 3), (4, 3)] {
            let page = page(limit, false);
            let (list, next, _) = read(&page, &OwnName::none(), &rows).finish();
            assert_eq!(list.count(), shown);
            let wanted = (shown < 3).then(|| cursor(&rows[shown - 1], page.sort));
            assert_eq!(next, wanted, "{limit}");
        }
    }

    #[tokio::test]
    async fn a_page_ends_before_it_is_too_large_but_has_a_task() {
        let longest = |number| row(number, &"x".repeat(PAGE_BYTES / 60), true);
        let rows: Vec<Row> = (1..=9).map(longest).collect();
        let page = page(100, false);
        let (list, next, _) = read(&page, &OwnName::none(), &rows).finish();
        assert_eq!(next, Some(cursor(&rows[list.count() - 1], page.sort)));
        let text = text(list).await;
        assert!((PAGE_BYTES / 2..=PAGE_BYTES).contains(&text.len()), "{}", text.len());
        let shown: Vec<Json> = serde_json::from_str(&text).unwrap();
        assert!(shown.len() < rows.len());

        let rows = [row(1, &"x".repeat(PAGE_BYTES), true), row(2, "a", true)];
        let (list, next, _) = read(&page, &OwnName::none(), &rows).finish();
        assert_eq!((list.count(), next), (1, Some(cursor(&rows[0], page.sort))));
    }

    #[test]
    fn a_cursor_has_the_id_and_the_key_of_its_task_in_every_order() {
        for (text, is_sqlite) in [("", false), ("a", false), ("", true), ("a", true)] {
            let (row, task) = (row(5, text, is_sqlite), task(5, text, is_sqlite));
            for (column, key) in [
                (Column::CreatedAt, SortKey::Instant(task.created_at)),
                (Column::UpdatedAt, SortKey::Instant(task.updated_at)),
                (Column::DueAt, SortKey::Instant(task.due_at.unwrap_or(LATEST))),
                (Column::Title, SortKey::Text(task.title.clone())),
                (Column::Priority, SortKey::Number(3)),
            ] {
                let sort = Sort { column, descending: false };
                assert_eq!(cursor(&row, sort), TaskCursor { key, id: task.id });
            }
        }
    }

    #[tokio::test]
    async fn a_counted_page_has_its_total_even_without_a_task() {
        let counted = |total, row: Row| row.after(Value::Int(total));
        let rows = [counted(30, row(1, "a", true)), counted(30, row(2, "a", true))];
        let (list, next, total) = read(&page(1, true), &OwnName::none(), &rows).finish();
        assert_eq!((list.count(), next.is_some(), total), (1, true, Some(30)));
        let rows = [Row::of(vec![Value::Int(4), Value::Null])];
        let (list, next, total) = read(&page(1, true), &OwnName::none(), &rows).finish();
        assert_eq!((list.count(), next.is_some(), total), (0, false, Some(4)));
        let (list, _, total) = read(&page(1, true), &OwnName::none(), &[]).finish();
        assert_eq!((text(list).await.as_str(), total), ("[]", Some(0)));
    }
}
