//! Headers of every answer, and slashes at the end of a path.

use axum::body::Body;
use serde_json::json;

use crate::support::{Client, Engine, TestApp};

async fn client() -> Client {
    TestApp::start(Engine::Sqlite).await.anonymous()
}

async fn id_answered(client: &Client, sent: &str) -> String {
    let reply = client.raw("GET", "/livez", &[("x-request-id", sent)], Body::empty()).await;
    reply.header("x-request-id").to_owned()
}

#[tokio::test]
async fn a_sane_request_id_is_kept() {
    let client = client().await;
    for sane in ["a", "trace-1.A_9", &"x".repeat(64)] {
        assert_eq!(id_answered(&client, sane).await, sane);
    }
}

#[tokio::test]
async fn an_insane_request_id_is_replaced() {
    let client = client().await;
    for insane in ["", "a b", "a\tb", "<script>", "a,b", "ä", &"x".repeat(65)] {
        let id = id_answered(&client, insane).await;
        assert!(id.len() == 36 && id.chars().nth(14) == Some('7'), "{insane:?}: {id}");
    }
}

#[tokio::test]
async fn two_requests_never_share_a_made_up_id() {
    let client = client().await;
    let first = client.get("/livez").await.header("x-request-id").to_owned();
    assert_ne!(first, client.get("/livez").await.header("x-request-id"));
}

#[tokio::test]
async fn nosniff_is_everywhere_and_only_tasks_may_be_kept() {
    let client = TestApp::start(Engine::Sqlite).await.sign_up("ada").await;
    for (path, caching) in [
        ("/auth/me", "no-store"),
        ("/auth/nowhere", "no-store"),
        ("/nowhere", "no-store"),
        ("/health", "no-store"),
        ("/api/tasks", "private, no-cache"),
        ("/api/tasks/1", "private, no-cache"),
        ("/api/tasks-of-others", "no-store"),
        ("/openapi.json", "no-cache"),
    ] {
        let reply = client.get(path).await;
        assert_eq!(reply.header("cache-control"), caching, "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("vary"), "Origin", "{path}");
    }
    let login = json!({"email": "nobody@example.com", "password": "not the password"});
    assert_eq!(client.post("/auth/login", login).await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn slashes_at_the_end_are_dropped_inside_and_never_redirected() {
    let client = TestApp::start(Engine::Sqlite).await.sign_up("ada").await;
    client.get("/auth/me/").await.expect(200);
    client.get("/health//").await.expect(200);
    let task = client.post("/api/tasks/", json!({"title": "a"})).await.expect(201);
    let location = task.header("location").to_owned();
    assert!(!location.contains("//"), "{location}");
    client.get(&location).await.expect(200);
    client.get("/api/tasks/?limit=1").await.expect(200);
}
