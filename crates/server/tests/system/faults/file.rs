//! The SQLite file under a running server: deleted, replaced, held by another process, and left behind by a
//! clean stop.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::PASSWORD;
use crate::support::process::Server;
use crate::support::{Client, Engine, TestApp};

/// A server over a new file, and somebody who is signed in.
async fn serve(dir: &Path) -> (Server, Client) {
    let server = Server::start(&format!("sqlite:{}", dir.join("a.db").display()), dir).await;
    let ada = server.anonymous();
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    ada.post("/auth/register", account).await.expect(201);
    let ada = ada.login("ada@example.com", PASSWORD).await;
    ada.post("/api/tasks", json!({"title": "before"})).await.expect(201);
    (server, ada)
}

async fn assert_noticed(server: &Server, ada: &Client) {
    for _ in 0..3 {
        let refused = ada.post("/api/tasks", json!({"title": "lost"})).await;
        refused.expect_problem(503, "unavailable");
        ada.get("/auth/me").await.expect_problem(503, "unavailable");
    }
    let until = Instant::now() + Duration::from_secs(10);
    // The log is written by a thread of its own.
    while !server.log().contains("a.db was deleted or replaced") {
        assert!(Instant::now() < until, "{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    while server.call("GET", "/readyz", None, None).await.is_none_or(|(status, _)| status != 503) {
        assert!(Instant::now() < until, "/readyz does not say so");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_file_is_noticed_before_the_next_acknowledgement() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let (server, ada) = serve(dir.path()).await;
    let (file, aside) = (dir.path().join("a.db"), dir.path().join("aside.db"));
    std::fs::rename(&file, &aside).expect("moved");
    assert_noticed(&server, &ada).await;
    assert!(!file.exists(), "no empty database was made in its place");
    // The file itself again, as when a mount comes back.
    std::fs::rename(&aside, &file).expect("moved back");
    ada.post("/api/tasks", json!({"title": "after"})).await.expect(201);
    assert_eq!(ada.get("/api/tasks").await.expect(200).json().as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_file_is_noticed_before_the_next_acknowledgement() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let (server, ada) = serve(dir.path()).await;
    let (file, copy) = (dir.path().join("a.db"), dir.path().join("copy.db"));
    std::fs::copy(&file, &copy).expect("copied");
    std::fs::rename(&copy, &file).expect("replaced");
    assert_noticed(&server, &ada).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_clean_stop_the_database_is_one_whole_file() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let (mut server, ada) = serve(dir.path()).await;
    let text = "long ".repeat(2000);
    for n in 0..50 {
        let task = json!({"title": format!("{n}"), "description": text});
        ada.post("/api/tasks", task).await.expect(201);
    }
    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    let log = dir.path().join("a.db-wal");
    assert!(!log.exists(), "{} bytes are left in the log", log.metadata().map_or(0, |it| it.len()));
    let copied = tempfile::tempdir().expect("a temp dir");
    let copy = copied.path().join("a.db");
    std::fs::copy(dir.path().join("a.db"), &copy).expect("copied");
    let (server, url) = (&mut server, format!("sqlite:{}", copy.display()));
    *server = Server::start(&url, copied.path()).await;
    let ada = server.anonymous().login("ada@example.com", PASSWORD).await;
    let tasks = ada.get("/api/tasks?limit=1000").await.expect(200).json();
    assert_eq!(tasks.as_array().map(Vec::len), Some(51));
}

/// A backup that holds SQLite's writer, for longer than anybody waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_process_holds_the_writer_each_request_ends_in_time() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let path = app.url.strip_prefix("sqlite:").unwrap().to_owned();
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..20 {
        let ada = ada.clone();
        asked.spawn(async move {
            let began = Instant::now();
            let login = json!({"email": "ada@example.com", "password": PASSWORD});
            let answer = match number % 4 {
                0 => ada.patch("/auth/me", json!({"name": "x"})).await,
                1 => ada.post("/api/tasks", json!({"title": "a task"})).await,
                2 => ada.post("/auth/login", login).await,
                _ => {
                    let email = format!("new{number}@example.com");
                    ada.post("/auth/register", json!({"email": email, "password": PASSWORD})).await
                }
            };
            (answer.status, began.elapsed())
        });
    }
    // What only reads needs no writer.
    for _ in 0..20 {
        ada.get("/auth/me").await.expect(200);
        app.anonymous().get("/health").await.expect(200);
    }
    while let Some(done) = asked.join_next().await {
        let (status, took) = done.unwrap();
        assert_eq!(status, 503);
        // Five seconds are promised; a busy machine adds to them.
        assert!(took < Duration::from_millis(6900), "{took:?}");
    }
    other.execute_batch("ROLLBACK").unwrap();
    ada.patch("/auth/me", json!({"name": "x"})).await.expect(200);
}
