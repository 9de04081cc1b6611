//! The statements on tasks. Each filters by owner first and uses the owner's view, `{own_tasks}`.

use uuid::Uuid;

use super::list::search::fold;
use super::list::store::WEIGHT;
use super::stats::TaskStats;
use super::task::{Changes, Task};
use crate::db::{Database, Effort, FromRow, Row};
use crate::gate::Gate;
use crate::http::IfMatch;
use crate::input::{Given, LATEST};
use crate::metadata::MetadataObject;
use crate::sql::{DbError, Result, Step};
use crate::{step, text};

// Entity tags are compared as text: a list of versions is one parameter, `,1,3,`, on both databases.
const IF_MATCH: &str = " AND (:versions LIKE '%,' || version || ',%' OR :versions IS NULL)";

crate::statements! {
    INSERT = "INSERT INTO {own_tasks} (id, user_id, title, description, completed, completed_at, \
        priority, due_at, tags, metadata, created_at, updated_at, version, due_sort, title_search, \
        description_search) \
        VALUES (:id, :owner, :title, :description, :completed, :completed_at, \
        :priority, :due_at, :tags, :metadata, :created_at, :updated_at, :version, :due_sort, :title_search, \
        :description_search) RETURNING id";
    FIND = text!("SELECT ", Task::COLUMNS, " FROM {own_tasks} WHERE user_id = :owner AND id = :id");
    EXISTS = "SELECT id FROM {own_tasks} WHERE user_id = :owner AND id = :id";
    UPDATE = text!(
        "UPDATE {own_tasks} SET title = coalesce(:title, title), \
         title_search = coalesce(:title_search, title_search), \
         description = CASE WHEN :sets_description THEN :description ELSE description END, \
         description_search = CASE WHEN :sets_description THEN :description_search \
            ELSE description_search END, \
         completed = coalesce(:completed, completed), completed_at = \
            CASE WHEN coalesce(:completed, completed) THEN coalesce(completed_at, :now) END, \
         priority = coalesce(:priority, priority), \
         due_at = CASE WHEN :sets_due_at THEN :due_at ELSE due_at END, \
         due_sort = coalesce(:due_sort, due_sort), \
         tags = CASE WHEN :sets_tags THEN :tags ELSE tags END, \
         metadata = CASE WHEN :sets_metadata THEN \
            nullif(doorward_merge_patch(metadata, :metadata, 16384), '{}') ELSE metadata END, version = version + 1, updated_at = :now \
         WHERE user_id = :owner AND id = :id", IF_MATCH, " RETURNING ", Task::COLUMNS
    );
    COMPLETE = text!(
        "UPDATE {own_tasks} SET completed = coalesce(:completed, NOT completed), completed_at = \
            CASE WHEN coalesce(:completed, NOT completed) THEN coalesce(completed_at, :now) END, \
         version = version \
            + CASE WHEN completed = coalesce(:completed, NOT completed) THEN 0 ELSE 1 END, \
         updated_at = CASE WHEN completed = coalesce(:completed, NOT completed) THEN updated_at \
            ELSE :now END \
         WHERE user_id = :owner AND id = :id", IF_MATCH, " RETURNING ", Task::COLUMNS
    );
    DELETE = text!(
        "DELETE FROM {own_tasks} WHERE user_id = :owner AND id = :id", IF_MATCH, " RETURNING id"
    );
    MADE_AFTER = text!(
        "SELECT ", Task::COLUMNS, " FROM {own_tasks} WHERE user_id = :owner \
         AND (created_at, id) > (:key, :id) ORDER BY created_at, id LIMIT :limit"
    ), weighed WEIGHT;
    COUNT = "SELECT count(*) FROM {own_tasks} WHERE user_id = :owner";
    FIND_BEYOND = "SELECT id FROM {own_tasks} WHERE user_id = :owner LIMIT 1 OFFSET :most";
    DELETE_SOME = "DELETE FROM {own_tasks} WHERE user_id = :owner AND id IN (SELECT id FROM {own_tasks} \
        WHERE user_id = :owner LIMIT :most) RETURNING id";
    STATS = text!("SELECT ", TaskStats::COLUMNS, " FROM {own_tasks} WHERE user_id = :owner");
}

/// The result of a conditional change.
#[derive(Debug)]
pub(super) enum Conditional<T> {
    /// It was done.
    Done(T),
    /// The owner has no such task.
    Missing,
    /// The task has another version.
    Changed,
}

pub(super) async fn insert(db: &Database, gate: Gate, task: &Task) -> Result<()> {
    let step = step!(INSERT {
        id: task.id,
        owner: gate.user_id,
        title: task.title.as_str(),
        description: task.description.clone(),
        completed: task.completed,
        completed_at: task.completed_at,
        priority: task.priority,
        due_at: task.due_at,
        tags: task.tags.clone(),
        metadata: task.metadata.clone(),
        created_at: task.created_at,
        updated_at: task.updated_at,
        version: task.version,
        due_sort: task.due_at.unwrap_or(LATEST),
        title_search: fold(&task.title),
        description_search: task.description.as_deref().map(fold),
    });
    match db.write_as::<Uuid>(gate, step).await {
        // The owner was deleted after the gate had passed.
        Err(DbError::Orphan) => Err(DbError::SessionEnded),
        made => made.map(|_| ()),
    }
}

pub(super) async fn find(db: &Database, gate: Gate, id: Uuid) -> Result<Option<Task>> {
    let tasks = db.read_as(gate, step!(FIND { owner: gate.user_id, id })).await?;
    Ok(tasks.into_iter().next())
}

/// Whether the owner has more than `most` tasks.
pub(crate) async fn has_more_than(db: &Database, owner: Uuid, most: i64) -> Result<bool> {
    let found: Vec<Uuid> = db.view_of(owner, step!(FIND_BEYOND { owner, most })).await?;
    Ok(!found.is_empty())
}

/// Deletes at most `most` of this owner's tasks, in their view; returns a row for each.
pub(crate) fn delete_some(owner: Uuid, most: i64) -> Step {
    step!(DELETE_SOME { owner, most })
}

/// Counts this owner's tasks, in their view.
pub(crate) fn count(owner: Uuid) -> Step {
    step!(COUNT { owner })
}

/// The numbers of tasks of each kind.
pub(super) async fn stats(db: &Database, gate: Gate) -> Result<TaskStats> {
    let step = step!(STATS { owner: gate.user_id, now: gate.now });
    let found: Vec<TaskStats> = db.page_as(gate, step, 1, Effort::Search).await?;
    found.into_iter().next().ok_or_else(|| DbError::Internal("nothing was counted".into()))
}

pub(super) async fn update(
    db: &Database,
    gate: Gate,
    id: Uuid,
    changes: &Changes,
    only: &IfMatch,
) -> Result<Conditional<Task>> {
    let description = changes.description.value().map(|description| description.0.as_str());
    let due_at = changes.due_at.value().map(|due_at| due_at.0);
    let sets_due_at = changes.due_at != Given::Absent;
    let tags = changes.tags.value().cloned().unwrap_or_default();
    let metadata = changes.metadata.value().map(MetadataObject::as_text);
    let step = step!(UPDATE {
        owner: gate.user_id,
        id,
        title: changes.title.as_ref().map(|title| title.0.as_str()),
        title_search: changes.title.as_ref().map(|title| fold(&title.0)),
        sets_description: changes.description != Given::Absent,
        description,
        description_search: description.map(fold),
        completed: changes.completed,
        priority: changes.priority,
        sets_due_at,
        due_at,
        due_sort: sets_due_at.then(|| due_at.unwrap_or(LATEST)),
        sets_tags: changes.tags != Given::Absent,
        tags,
        sets_metadata: changes.metadata != Given::Absent,
        metadata,
        now: gate.now,
        versions: versions(only),
    });
    conditional(db, gate, id, step).await
}

pub(super) async fn complete(
    db: &Database,
    gate: Gate,
    id: Uuid,
    completed: Option<bool>,
    only: &IfMatch,
) -> Result<Conditional<Task>> {
    let (owner, now, versions) = (gate.user_id, gate.now, versions(only));
    conditional(db, gate, id, step!(COMPLETE { owner, id, completed, now, versions })).await
}

pub(super) async fn delete(
    db: &Database,
    gate: Gate,
    id: Uuid,
    only: &IfMatch,
) -> Result<Conditional<Uuid>> {
    let (owner, versions) = (gate.user_id, versions(only));
    conditional(db, gate, id, step!(DELETE { owner, id, versions })).await
}

/// The change and, in the same round trip, what distinguishes a missing task from a changed one.
async fn conditional<T: FromRow>(
    db: &Database,
    gate: Gate,
    id: Uuid,
    change: Step,
) -> Result<Conditional<T>> {
    let exists = step!(EXISTS { owner: gate.user_id, id });
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
