//! Authentication is decided before anything else about a request is looked at.

use axum::body::Body;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, Engine, TestApp};

/// Every operation of the contract as (method, path with made-up ids, protected).
fn operations(document: &Value) -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            if let Some(security) = operation["security"].as_array() {
                let path = path.replace("{id}", "not-an-id").replace(['{', '}'], "");
                // An empty requirement says that a token is optional.
                let needs_token = !security.is_empty() && !security.contains(&json!({}));
                all.push((method.to_uppercase(), path, needs_token));
            }
        }
    }
    all
}

async fn spoiled(client: &Client, method: &str, path: &str) -> u16 {
    let garbage = [("content-type", "application/json"), ("if-match", "not a tag")];
    let body = if method == "GET" { "" } else { "{\"not\": json" };
    client.raw(method, path, &garbage, body).await.status
}

both! {
    async fn every_protected_operation_is_401_without_a_token_whatever_its_body(engine: Engine) {
        let client = TestApp::start(engine).await.anonymous();
        let document = client.get("/openapi.json").await.expect(200).json();
        let mut protected = 0;
        for (method, path, needs_token) in operations(&document) {
            let status = spoiled(&client, &method, &path).await;
            assert_eq!(status == 401, needs_token, "{method} {path} answered {status}");
            protected += usize::from(needs_token);
        }
        assert!(protected > 8, "only {protected} protected operations");
    }

    async fn an_ended_session_is_401_even_where_the_request_is_invalid(engine: Engine) {
        let app = TestApp::start(engine).await;
        let client = app.sign_up("ada").await;
        let document = client.get("/openapi.json").await.expect(200).json();
        client.post_empty("/auth/logout").await.expect(204);
        for (method, path, protected) in operations(&document) {
            if protected {
                let status = spoiled(&client, &method, &path).await;
                assert_eq!(status, 401, "{method} {path}");
            }
        }
        let big = json!({"title": "x".repeat(300 * 1024)});
        client.post("/api/tasks", big).await.expect_problem(401, "invalid_token");
        let text = [("content-type", "text/plain")];
        client.raw("POST", "/api/tasks", &text, "title").await.expect_problem(401, "invalid_token");
    }

    async fn a_dead_token_does_not_spoil_routes_that_need_none(engine: Engine) {
        let client = TestApp::start(engine).await.sign_up("ada").await;
        client.post_empty("/auth/logout").await.expect(204);
        client.post("/auth/login", json!({})).await.expect_problem(422, "validation");
        client.get("/livez").await.expect(200);
    }
}

#[tokio::test]
async fn tokens_in_query_or_cookie_are_ignored() {
    let app = TestApp::start(Engine::Sqlite).await;
    let token = app.sign_up("ada").await.token.expect("a token");
    let nobody = app.anonymous();
    for query in ["access_token", "token", "authorization"] {
        let path = format!("/auth/me?{query}={token}");
        nobody.get(&path).await.expect_problem(401, "not_authenticated");
    }
    let cookies = format!("token={token}; access_token={token}; better-auth.session_data={token}");
    for (name, value) in
        [("cookie", cookies.as_str()), ("x-access-token", &token), ("proxy-authorization", &token)]
    {
        let reply = nobody.raw("GET", "/auth/me", &[(name, value)], Body::empty()).await;
        reply.expect_problem(401, "not_authenticated");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let reply = nobody.raw("PATCH", "/auth/me", &form, format!("access_token={token}")).await;
    reply.expect_problem(401, "not_authenticated");
}

#[tokio::test]
async fn a_401_says_bearer_and_blames_only_a_token_that_was_sent() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    let none = client.get("/auth/me").await.expect(401);
    assert_eq!(none.header("www-authenticate"), "Bearer");
    assert_eq!(none.json()["detail"], "Not authenticated");
    let bad = client.with_token("a.b.c").get("/auth/me").await.expect(401);
    let challenge = bad.header("www-authenticate");
    assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""));
}
