//! A server that ends, hangs, restarts or is locked: callers are told within the deadline, and the
//! engine recovers by itself.

mod counted;
mod failover;
mod full;
mod isolation;
mod locks;

use doorward::{statement, step};
use std::time::{Duration, Instant};

use doorward::db::Database;
use doorward::sql::DbError;
use tokio::task::JoinSet;

use crate::postgres::data::{
    ADD_TASK, ALL_TASKS, ONE, RENAME_USER, USER_NAME, database, open, task, user,
};
use crate::postgres::proxy::Proxy;
use crate::support::postgres::{self, Postgres};

/// The engine's deadline is 4 s of real time, as sockets know no other, and a busy machine adds to it; two of them in a row are too many.
const IN_TIME: Duration = Duration::from_millis(7900);

#[tokio::test]
async fn a_terminated_connection_is_replaced_within_the_next_call() {
    let (db, url) = database().await;
    let ada = user(&db).await;
    task(&db, ada, "a task").await;
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    let name = url.rsplit('/').next().unwrap();
    let admin = postgres::shared().connect("postgres").await;
    for _ in 0..5 {
        let ended = admin
            .query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                &[&name],
            )
            .await
            .unwrap();
        assert!(!ended.is_empty());
        // A read is repeated; a write succeeds unless it was already on its way.
        assert_eq!(db.find::<i64>(step!(ONE)).await.unwrap(), Some(1));
        let read = db.read_as::<String>(ada, step!(ALL_TASKS)).await;
        assert_eq!(read.unwrap(), ["a task"]);
        match db.write_as::<()>(ada, step!(RENAME_USER { id: ada.user_id, name: "Ada" })).await {
            Ok(_) | Err(DbError::Away(_) | DbError::Unconfirmed(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_terminated_before_its_commit_is_made_elsewhere() {
    let (db, url) = database().await;
    let ada = user(&db).await;
    let name = url.rsplit('/').next().unwrap();
    let mut admin = postgres::shared().connect(name).await;
    let held = admin.transaction().await.unwrap();
    held.execute("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", &[&ada.user_id]).await.unwrap();
    let write = tokio::spawn({
        let db = db.clone();
        async move { db.write_as::<()>(ada, step!(RENAME_USER { id: ada.user_id, name: "Ada" })).await }
    });
    let watcher = postgres::shared().connect(name).await;
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while watcher.query(ended, &[]).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    held.rollback().await.unwrap();
    write.await.unwrap().unwrap();
    let stored = db.find::<String>(step!(USER_NAME { id: ada.user_id })).await.unwrap();
    assert_eq!(stored.as_deref(), Some("Ada"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_network_is_answered_within_the_promise_and_recovers() {
    let (_, url) = database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let db = open(&proxy.before(&url)).await;
    let ada = user(&db).await;
    task(&db, ada, "a task").await;
    db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap();
    proxy.go_silent();
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let (one, two) = (db.clone(), db.clone());
        calls.spawn(async move {
            let began = Instant::now();
            let read = one.read_as::<String>(ada, step!(ALL_TASKS)).await.map(drop);
            (read, began.elapsed())
        });
        calls.spawn(async move {
            let began = Instant::now();
            let write =
                two.write_as::<()>(ada, step!(RENAME_USER { id: ada.user_id, name: "A" })).await;
            (write.map(drop), began.elapsed())
        });
    }
    while let Some(done) = calls.join_next().await {
        let (outcome, took) = done.unwrap();
        assert!(matches!(outcome, Err(DbError::Away(_) | DbError::Unconfirmed(_))), "{outcome:?}");
        assert!(took < IN_TIME, "{took:?}");
    }
    proxy.resume();
    recover(&db).await;
    assert_eq!(db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap(), ["a task"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_table_stops_its_own_routes_only() {
    let (db, url) = database().await;
    let ada = user(&db).await;
    task(&db, ada, "a task").await;
    let mut admin = postgres::shared().connect(url.rsplit('/').next().unwrap()).await;
    let lock = admin.transaction().await.unwrap();
    lock.batch_execute("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut stuck = JoinSet::new();
    for number in 0..60 {
        let db = db.clone();
        stuck.spawn(async move {
            let began = Instant::now();
            let outcome = if number % 2 == 0 {
                db.read_as::<String>(ada, step!(ALL_TASKS)).await.map(drop)
            } else {
                let title = format!("{number}");
                let (id, owner) = (uuid::Uuid::from_u128(number), ada.user_id);
                let task = step!(ADD_TASK { id, owner, title, now: ada.now });
                db.write_as::<uuid::Uuid>(ada, task).await.map(drop)
            };
            (outcome, began.elapsed())
        });
    }
    let mut slowest = Duration::ZERO;
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        let began = Instant::now();
        db.find::<String>(step!(USER_NAME { id: ada.user_id })).await.unwrap();
        db.execute::<()>(step!(RENAME_USER { id: ada.user_id, name: "Ada" })).await.unwrap();
        slowest = slowest.max(began.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Behind the lock they would wait for its deadline.
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    while let Some(done) = stuck.join_next().await {
        let (outcome, took) = done.unwrap();
        assert!(matches!(outcome, Err(DbError::Away(_) | DbError::Unconfirmed(_))), "{outcome:?}");
        assert!(took < IN_TIME, "{took:?}");
    }
    lock.rollback().await.unwrap();
    assert_eq!(db.read_as::<String>(ada, step!(ALL_TASKS)).await.unwrap(), ["a task"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once() {
    let (_, url) = database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let db = open(&proxy.before(&url)).await;
    proxy.go_silent();
    let mut calls = JoinSet::new();
    for _ in 0..3000 {
        let db = db.clone();
        calls.spawn(async move { db.query::<i64>(step!(ONE)).await });
    }
    let (mut full, mut away) = (0, 0);
    while let Some(done) = calls.join_next().await {
        match done.unwrap() {
            Err(DbError::Overloaded) => full += 1,
            Err(DbError::Away(_)) => away += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(full >= 1900 && away >= 1000, "{full} refused, {away} waited");
    proxy.resume();
    recover(&db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fast_restart_under_load_loses_nothing_acknowledged() {
    restart_under_load("fast").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_immediate_restart_under_load_loses_nothing_acknowledged() {
    restart_under_load("immediate").await;
}

async fn restart_under_load(mode: &str) {
    let server = Postgres::start(&[]);
    let url = server.url("postgres");
    crate::support::app::migrate(&url).await;
    let db = open(&url).await;
    let ada = user(&db).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut load = JoinSet::new();
    for _ in 0..16 {
        let (db, stopped) = (db.clone(), stopped.clone());
        load.spawn(async move {
            let mut kept = Vec::new();
            while !*stopped.borrow() {
                match db.read_as::<String>(ada, step!(ALL_TASKS)).await {
                    Ok(_) | Err(DbError::Away(_) | DbError::Overloaded) => {}
                    Err(other) => panic!("read: {other:?}"),
                }
                let id = crate::postgres::data::id();
                let (owner, title) = (ada.user_id, "kept");
                let row = step!(ADD_TASK { id, owner, title, now: ada.now });
                match db.write_as::<uuid::Uuid>(ada, row).await {
                    Ok(_) => kept.push(id),
                    Err(DbError::Away(_) | DbError::Unconfirmed(_) | DbError::Overloaded) => {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    Err(other) => panic!("write: {other:?}"),
                }
            }
            kept
        });
    }
    // The load runs for a real second before the restart and one after it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let server = tokio::task::spawn_blocking({
        let mode = mode.to_owned();
        move || {
            server.ctl(&["-m", &mode, "restart"]);
            server
        }
    })
    .await
    .unwrap();
    recover(&db).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.send(true).unwrap();
    let admin = server.connect("postgres").await;
    while let Some(kept) = load.join_next().await {
        for id in kept.unwrap() {
            let found = admin.query("SELECT 1 FROM tasks WHERE id = $1", &[&id]).await.unwrap();
            assert_eq!(found.len(), 1, "an acknowledged task is gone");
        }
    }
}

/// By itself, and within half a minute on any machine.
async fn recover(db: &Database) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        match db.find::<i64>(step!(ONE)).await {
            Ok(one) => break assert_eq!(one, Some(1)),
            Err(DbError::Away(_) | DbError::Overloaded) if Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_statement_outlives_a_change_of_its_table() {
    const NAME: doorward::sql::Sql = statement!("NAME", "SELECT name FROM users WHERE id = :id");
    let (db, url) = database().await;
    let ada = user(&db).await;
    db.execute::<()>(step!(RENAME_USER { id: ada.user_id, name: "Ada" })).await.unwrap();
    for kind in ["VARCHAR(50)", "TEXT", "VARCHAR(60)"] {
        assert_eq!(db.query::<String>(step!(NAME { id: ada.user_id })).await.unwrap(), ["Ada"]);
        let admin = postgres::shared().connect(url.rsplit('/').next().unwrap()).await;
        let change = format!("ALTER TABLE users ALTER COLUMN name TYPE {kind}");
        admin.batch_execute(&change).await.unwrap();
    }
    assert_eq!(db.query::<String>(step!(NAME { id: ada.user_id })).await.unwrap(), ["Ada"]);
}
