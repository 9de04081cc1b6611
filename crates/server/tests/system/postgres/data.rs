//! What these tests store: users with sessions, and tasks of theirs, through `Database` alone.

use doorward::config::DatabaseUrl;
use doorward::db::Database;
use doorward::gate::Gate;
use doorward::params;
use doorward::sql::Sql;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::support::postgres;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

const ADD_USER: Sql = Sql {
    name: "ADD_USER",
    text: "INSERT INTO users (id, email, email_key, created_at, updated_at) \
        VALUES ($1, $2, $2, $3, $3)",
};
const ADD_SESSION: Sql = Sql {
    name: "ADD_SESSION",
    text: "INSERT INTO sessions (id, user_id, salt, created_at, rotated_at, last_seen_at, \
        expires_at, max_expires_at) VALUES ($1, $2, $3, $4, $4, $4, $5, $5)",
};
pub(crate) const ADD_TASK: Sql = Sql {
    name: "ADD_TASK",
    text: "INSERT INTO own_tasks (id, user_id, title, title_search, due_sort, created_at, updated_at) \
        VALUES ($1, $2, $3, $3, $4, $4, $4) RETURNING id",
};
pub(crate) const ALL_TASKS: Sql =
    Sql { name: "ALL_TASKS", text: "SELECT title FROM own_tasks ORDER BY title" };
pub(crate) const RENAME: Sql =
    Sql { name: "RENAME", text: "UPDATE own_tasks SET title = $2 WHERE id = $1 RETURNING title" };
pub(crate) const RENAME_USER: Sql =
    Sql { name: "RENAME_USER", text: "UPDATE users SET name = $2 WHERE id = $1" };
pub(crate) const USER_NAME: Sql =
    Sql { name: "USER_NAME", text: "SELECT coalesce(name, '') FROM users WHERE id = $1" };
pub(crate) const ONE: Sql = Sql { name: "ONE", text: "SELECT 1" };

/// A migrated database of the shared server.
pub(crate) async fn database() -> (Database, String) {
    let url = postgres::migrated_database().await;
    (open(&url).await, url)
}

pub(crate) async fn open(url: &str) -> Database {
    Database::open(&DatabaseUrl::parse(url).unwrap()).await.unwrap()
}

/// A user with a live session.
pub(crate) async fn user(db: &Database) -> Gate {
    let gate = Gate {
        user_id: Uuid::from_u128(unique()),
        via: doorward::gate::Via::Session,
        session_id: Uuid::from_u128(unique()),
        generation: 0,
        now: NOW,
        permission: None,
    };
    let email = format!("{}@example.com", gate.user_id);
    db.execute::<()>(ADD_USER, params![gate.user_id, email, NOW]).await.unwrap();
    let until = NOW + time::Duration::days(1);
    let session = params![gate.session_id, gate.user_id, vec![1u8; 16], NOW, until];
    db.execute::<()>(ADD_SESSION, session).await.unwrap();
    gate
}

/// A task of the gate's user.
pub(crate) async fn task(db: &Database, gate: Gate, title: &str) -> Uuid {
    let id = Uuid::from_u128(unique());
    let made: Vec<Uuid> =
        db.write_as(gate, ADD_TASK, params![id, gate.user_id, title, NOW]).await.unwrap();
    assert_eq!(made, [id]);
    id
}

pub(crate) fn id() -> Uuid {
    Uuid::from_u128(unique())
}

fn unique() -> u128 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    (0x0192_0000_0000_7000_8000u128 << 48) | u128::from(NEXT.fetch_add(1, Ordering::Relaxed))
}
