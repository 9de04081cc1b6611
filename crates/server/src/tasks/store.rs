//! Every statement on tasks, and nothing else. Each names the owner first; on PostgreSQL `own_tasks` is
//! the view that carries row-level security, on SQLite it is the table itself.

use time::OffsetDateTime;
use uuid::Uuid;

use super::create::NewTask;
use super::cursor::TaskCursor;
use super::list::TaskPage;
use super::search::{fold, pattern};
use super::sort::{Column, Sort};
use super::task::Task;
use super::update::Changes;
use crate::db::{Database, FromRow, Row};
use crate::gate::Gate;
use crate::http::IfMatch;
use crate::input::{Given, LATEST};
use crate::params;
use crate::sql::{DbError, Result, Sql, Step, Value};

macro_rules! columns {
    () => {
        "id, user_id, title, description, completed, completed_at, priority, due_at, created_at, \
         updated_at, version"
    };
}

/// One page: an index range that begins behind the cursor, so its cost does not grow with its number.
macro_rules! page {
    ($column:literal up, $($filter:ident)?) => { page!($column, ">", "", $($filter)?) };
    ($column:literal down, $($filter:ident)?) => { page!($column, "<", " DESC", $($filter)?) };
    ($column:literal, $beyond:literal, $way:literal,) => {
        concat!(page!($column, $beyond), " ORDER BY ", $column, $way, ", id", $way, " LIMIT $4")
    };
    ($column:literal, $beyond:literal, $way:literal, filtered) => {
        concat!(
            page!($column, $beyond),
            " AND (completed = $4 OR $4 IS NULL) AND (priority = $5 OR $5 IS NULL)",
            " AND (due_at < $6 OR $6 IS NULL) AND (due_at > $7 OR $7 IS NULL)",
            " AND (title_search LIKE $8 ESCAPE '!' OR description_search LIKE $8 ESCAPE '!'",
            " OR $8 IS NULL) ORDER BY ", $column, $way, ", id", $way, " LIMIT $9"
        )
    };
    ($column:literal, $beyond:literal) => {
        concat!(
            "SELECT ", columns!(), " FROM own_tasks WHERE user_id = $1 AND (", $column, ", id) ",
            $beyond, " ($2, $3)"
        )
    };
}

// Tags are compared as text: a list of versions is one parameter, `,1,3,`, on both databases.
macro_rules! if_match {
    ($parameter:literal) => {
        concat!(" AND (", $parameter, " LIKE '%,' || version || ',%' OR ", $parameter, " IS NULL)")
    };
}

crate::statements! {
    INSERT = "INSERT INTO own_tasks (id, user_id, title, description, completed, completed_at, \
        priority, due_at, created_at, updated_at, version, due_sort, title_search, \
        description_search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
        RETURNING id";
    FIND = concat!("SELECT ", columns!(), " FROM own_tasks WHERE user_id = $1 AND id = $2");
    EXISTS = "SELECT id FROM own_tasks WHERE user_id = $1 AND id = $2";
    UPDATE = concat!(
        "UPDATE own_tasks SET title = coalesce($1, title), title_search = coalesce($2, title_search), \
         description = CASE WHEN $3 THEN $4 ELSE description END, \
         description_search = CASE WHEN $3 THEN $5 ELSE description_search END, \
         completed = coalesce($6, completed), \
         completed_at = CASE WHEN coalesce($6, completed) THEN coalesce(completed_at, $7) END, \
         priority = coalesce($8, priority), due_at = CASE WHEN $9 THEN $10 ELSE due_at END, \
         due_sort = coalesce($11, due_sort), version = version + 1, updated_at = $7 \
         WHERE user_id = $12 AND id = $13", if_match!("$14"), " RETURNING ", columns!()
    );
    COMPLETE = concat!(
        "UPDATE own_tasks SET completed = coalesce($1, NOT completed), \
         completed_at = CASE WHEN coalesce($1, NOT completed) THEN coalesce(completed_at, $2) END, \
         version = version + CASE WHEN completed = coalesce($1, NOT completed) THEN 0 ELSE 1 END, \
         updated_at = CASE WHEN completed = coalesce($1, NOT completed) THEN updated_at ELSE $2 END \
         WHERE user_id = $3 AND id = $4", if_match!("$5"), " RETURNING ", columns!()
    );
    DELETE = concat!(
        "DELETE FROM own_tasks WHERE user_id = $1 AND id = $2", if_match!("$3"), " RETURNING id"
    );
    LIST_CREATED = page!("created_at" up,);
    LIST_CREATED_FILTERED = page!("created_at" up, filtered);
    LIST_CREATED_DOWN = page!("created_at" down,);
    LIST_CREATED_DOWN_FILTERED = page!("created_at" down, filtered);
    LIST_UPDATED = page!("updated_at" up,);
    LIST_UPDATED_FILTERED = page!("updated_at" up, filtered);
    LIST_UPDATED_DOWN = page!("updated_at" down,);
    LIST_UPDATED_DOWN_FILTERED = page!("updated_at" down, filtered);
    LIST_DUE = page!("due_sort" up,);
    LIST_DUE_FILTERED = page!("due_sort" up, filtered);
    LIST_DUE_DOWN = page!("due_sort" down,);
    LIST_DUE_DOWN_FILTERED = page!("due_sort" down, filtered);
    LIST_TITLE = page!("title" up,);
    LIST_TITLE_FILTERED = page!("title" up, filtered);
    LIST_TITLE_DOWN = page!("title" down,);
    LIST_TITLE_DOWN_FILTERED = page!("title" down, filtered);
    LIST_PRIORITY = page!("priority" up,);
    LIST_PRIORITY_FILTERED = page!("priority" up, filtered);
    LIST_PRIORITY_DOWN = page!("priority" down,);
    LIST_PRIORITY_DOWN_FILTERED = page!("priority" down, filtered);
}

/// What became of a conditional change.
#[derive(Debug)]
pub(super) enum Conditional<T> {
    /// It was made.
    Done(T),
    /// There is no such task of this owner.
    Missing,
    /// It is there, in another version.
    Changed,
}

pub(super) async fn insert(db: &Database, gate: Gate, task: &Task) -> Result<()> {
    let params = params![
        task.id,
        task.user_id,
        task.title.as_str(),
        task.description.clone(),
        task.completed,
        task.completed_at,
        task.priority,
        task.due_at,
        task.created_at,
        task.updated_at,
        task.version,
        task.due_at.unwrap_or(LATEST),
        fold(&task.title),
        task.description.as_deref().map(fold),
    ];
    match db.write_as::<Uuid>(gate, INSERT, params).await {
        // The owner was deleted after the gate had let the task in.
        Err(DbError::Orphan) => Err(DbError::SessionEnded),
        made => made.map(|_| ()),
    }
}

pub(super) async fn find(db: &Database, gate: Gate, id: Uuid) -> Result<Option<Task>> {
    let tasks = db.read_as(gate, FIND, params![gate.user_id, id]).await?;
    Ok(tasks.into_iter().next())
}

pub(super) async fn list(db: &Database, gate: Gate, page: &TaskPage) -> Result<Vec<Task>> {
    let TaskCursor { key, id } = page.place.after.clone().unwrap_or_else(|| page.sort.start());
    let filter = &page.filter;
    // One more than asked for: whether there is a next page.
    let limit = page.place.limit + 1;
    let mut params = params![gate.user_id, key, id];
    let filtered = !filter.is_empty();
    if filtered {
        params.extend(params![
            filter.completed,
            filter.priority,
            filter.due_before,
            filter.due_after,
            filter.q.as_deref().map(pattern),
        ]);
    }
    params.push(Value::Int(limit));
    db.read_as(gate, statement(page.sort, filtered), params).await
}

pub(super) async fn update(
    db: &Database,
    gate: Gate,
    id: Uuid,
    changes: &Changes,
    only: &IfMatch,
) -> Result<Conditional<Task>> {
    let description = match &changes.description {
        Given::Value(description) => Some(description.0.as_str()),
        Given::Absent | Given::Null => None,
    };
    let due_at = match changes.due_at {
        Given::Value(due_at) => Some(due_at.0),
        Given::Absent | Given::Null => None,
    };
    let due_given = changes.due_at != Given::Absent;
    let params = params![
        changes.title.as_ref().map(|title| title.0.as_str()),
        changes.title.as_ref().map(|title| fold(&title.0)),
        changes.description != Given::Absent,
        description,
        description.map(fold),
        changes.completed,
        gate.now,
        changes.priority,
        due_given,
        due_at,
        due_given.then(|| due_at.unwrap_or(LATEST)),
        gate.user_id,
        id,
        versions(only),
    ];
    conditional(db, gate, id, Step::new(UPDATE, params)).await
}

pub(super) async fn complete(
    db: &Database,
    gate: Gate,
    id: Uuid,
    completed: Option<bool>,
    only: &IfMatch,
) -> Result<Conditional<Task>> {
    let params = params![completed, gate.now, gate.user_id, id, versions(only)];
    conditional(db, gate, id, Step::new(COMPLETE, params)).await
}

pub(super) async fn delete(
    db: &Database,
    gate: Gate,
    id: Uuid,
    only: &IfMatch,
) -> Result<Conditional<Uuid>> {
    let params = params![gate.user_id, id, versions(only)];
    conditional(db, gate, id, Step::new(DELETE, params)).await
}

/// The change and, in the same round trip, what tells a missing task from a changed one.
async fn conditional<T: FromRow>(
    db: &Database,
    gate: Gate,
    id: Uuid,
    change: Step,
) -> Result<Conditional<T>> {
    let exists = Step::new(EXISTS, params![gate.user_id, id]);
    let mut answers = db.write_all_as(gate, vec![change, exists]).await?.into_iter();
    let mut first = || -> Option<Row> { answers.next()?.into_iter().next() };
    match (first(), first()) {
        (Some(row), _) => row.read().map(Conditional::Done),
        (None, Some(_)) => Ok(Conditional::Changed),
        (None, None) => Ok(Conditional::Missing),
    }
}

fn versions(only: &IfMatch) -> Option<String> {
    let versions = only.0.as_ref()?;
    Some(versions.iter().fold(String::from(","), |list, version| format!("{list}{version},")))
}

/// One statement for each order, with and without filters: five unused filters in every statement
/// would keep PostgreSQL from the index.
fn statement(sort: Sort, filtered: bool) -> Sql {
    let [plain, with_filters] = match (sort.column, sort.descending) {
        (Column::CreatedAt, false) => [LIST_CREATED, LIST_CREATED_FILTERED],
        (Column::CreatedAt, true) => [LIST_CREATED_DOWN, LIST_CREATED_DOWN_FILTERED],
        (Column::UpdatedAt, false) => [LIST_UPDATED, LIST_UPDATED_FILTERED],
        (Column::UpdatedAt, true) => [LIST_UPDATED_DOWN, LIST_UPDATED_DOWN_FILTERED],
        (Column::DueAt, false) => [LIST_DUE, LIST_DUE_FILTERED],
        (Column::DueAt, true) => [LIST_DUE_DOWN, LIST_DUE_DOWN_FILTERED],
        (Column::Title, false) => [LIST_TITLE, LIST_TITLE_FILTERED],
        (Column::Title, true) => [LIST_TITLE_DOWN, LIST_TITLE_DOWN_FILTERED],
        (Column::Priority, false) => [LIST_PRIORITY, LIST_PRIORITY_FILTERED],
        (Column::Priority, true) => [LIST_PRIORITY_DOWN, LIST_PRIORITY_DOWN_FILTERED],
    };
    if filtered { with_filters } else { plain }
}

/// The task that an insert stores.
pub(super) fn made(new: NewTask, id: Uuid, owner: Uuid, now: OffsetDateTime) -> Task {
    Task {
        id,
        user_id: owner,
        title: new.title.0,
        description: new.description.map(|description| description.0),
        completed: new.completed,
        completed_at: new.completed.then_some(now),
        priority: new.priority,
        due_at: new.due_at.map(|due_at| due_at.0),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}
