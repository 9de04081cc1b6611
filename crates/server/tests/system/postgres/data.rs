//! What these tests store: users with sessions, and tasks of theirs, through `Database` alone.

use doorward::config::DatabaseUrl;
use doorward::db::Database;
use doorward::gate::Gate;
use doorward::sql::Sql;
use doorward::{statement, step};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::support::postgres;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

const ADD_USER: Sql = statement!(
    "ADD_USER",
    "INSERT INTO users (id, email, email_key, created_at, updated_at) \
        VALUES (:id, :email, :email, :now, :now)"
);
const ADD_SESSION: Sql = statement!(
    "ADD_SESSION",
    "INSERT INTO sessions (id, user_id, salt, created_at, rotated_at, last_seen_at, \
        expires_at, max_expires_at) VALUES (:id, :owner, :salt, :now, :now, :now, :until, :until)"
);
pub(crate) const ADD_TASK: Sql = statement!(
    "ADD_TASK",
    "INSERT INTO {own_tasks} (id, user_id, title, title_search, due_sort, created_at, updated_at) \
        VALUES (:id, :owner, :title, :title, :now, :now, :now) RETURNING id"
);
pub(crate) const ALL_TASKS: Sql =
    statement!("ALL_TASKS", "SELECT title FROM {own_tasks} ORDER BY title");
pub(crate) const RENAME: Sql =
    statement!("RENAME", "UPDATE {own_tasks} SET title = :title WHERE id = :id RETURNING title");
pub(crate) const RENAME_USER: Sql =
    statement!("RENAME_USER", "UPDATE users SET name = :name WHERE id = :id");
pub(crate) const USER_NAME: Sql =
    statement!("USER_NAME", "SELECT coalesce(name, '') FROM users WHERE id = :id");
pub(crate) const ONE: Sql = statement!("ONE", "SELECT 1");

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
    db.execute::<()>(step!(ADD_USER { id: gate.user_id, email, now: NOW })).await.unwrap();
    let until = NOW + time::Duration::days(1);
    let (id, owner) = (gate.session_id, gate.user_id);
    let session = step!(ADD_SESSION { id, owner, salt: vec![1u8; 16], now: NOW, until });
    db.execute::<()>(session).await.unwrap();
    gate
}

/// A task of the gate's user.
pub(crate) async fn task(db: &Database, gate: Gate, title: &str) -> Uuid {
    let id = Uuid::from_u128(unique());
    let made: Vec<Uuid> = db
        .write_as(gate, step!(ADD_TASK { id, owner: gate.user_id, title, now: NOW }))
        .await
        .unwrap();
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

/// A login of this database with every privilege and few connections.
pub(crate) async fn few(name: &str, database: &str, limit: u32) -> String {
    let admin = postgres::shared().connect(database).await;
    let made = format!(
        "CREATE ROLE {name} LOGIN PASSWORD 'few' CONNECTION LIMIT {limit}; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"
    );
    admin.batch_execute(&made).await.unwrap();
    format!("postgresql://{name}:few@127.0.0.1:{}/{database}", postgres::shared().port)
}
