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

/// There is no cookie that a browser could send along by itself.
#[tokio::test]
async fn no_answer_sets_a_cookie() {
    let app = TestApp::start(Engine::Sqlite).await;
    let root = app.admin("root").await;
    let document = root.get("/openapi.json").await.expect(200).json();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("an item").keys() {
            let path =
                path.replace("{id}", "00000000-0000-7000-8000-000000000000").replace("{role}", "x");
            let json = [("content-type", "application/json"), ("cookie", "session=x")];
            let reply = root.raw(&method.to_uppercase(), &path, &json, "{}").await;
            assert_eq!(reply.header("set-cookie"), "", "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 30, "only {asked} operations");
    let login = json!({"email": "root@example.com", "password": crate::support::client::PASSWORD});
    let tokens = app.anonymous().post("/auth/login", login).await.expect(200);
    assert_eq!(tokens.header("set-cookie"), "");
    let again = json!({"refresh_token": tokens.json()["refresh_token"]});
    assert_eq!(root.post("/auth/refresh", again).await.header("set-cookie"), "");
}

/// The addresses that an answer gives out come from the settings alone.
#[tokio::test]
async fn no_header_changes_an_address_that_is_given_out() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    for title in ["a", "b"] {
        ada.post("/api/tasks", json!({"title": title})).await.expect(201);
    }
    let hostile = [
        ("content-type", "application/json"),
        ("host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https;for=evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil.example"),
        ("x-original-url", "/evil.example"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ];
    for (method, path, body) in [
        ("GET", "/.well-known/oauth-authorization-server", ""),
        ("GET", "/.well-known/jwks.json", ""),
        ("GET", "/openapi.json", ""),
        ("GET", "/docs", ""),
        ("GET", "/api/tasks?limit=1", ""),
        ("POST", "/api/tasks", r#"{"title":"x"}"#),
        ("GET", "/nowhere", ""),
        ("POST", "/auth/register", r#"{"email":"bob@example.com","password":"a sound long one"}"#),
    ] {
        let reply = ada.raw(method, path, &hostile, body).await;
        let whole = format!("{:?} {}", reply.headers, reply.text());
        assert!(!whole.contains("evil.example"), "{method} {path}: {whole}");
    }
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
