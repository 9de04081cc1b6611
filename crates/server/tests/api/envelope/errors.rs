//! Every error is a problem document, whoever raised it, and tells nothing about the inside.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::routing::{MethodRouter, get, post};
use doorward::error::Error;
use doorward::http::layer::around::Surround;
use doorward::http::layer::guard::Guard;
use doorward::http::{Declared, Routes};
use serde_json::json;

use crate::accounts::sql;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

#[tokio::test]
async fn every_error_is_problem_json_whose_status_equals_the_code() {
    let client = TestApp::start(Engine::Sqlite).await.sign_up("ada").await;
    let json = [("content-type", "application/json")];
    let text = [("content-type", "text/plain")];
    let big = format!("{{\"title\":\"{}\"}}", "x".repeat(300 * 1024));
    let long = format!("/{}", "x".repeat(9000));
    for (method, path, headers, body, status, code) in [
        ("GET", "/nowhere", &json, "", 404, "not_found"),
        ("GET", "//nowhere", &json, "", 404, "not_found"),
        ("PUT", "/auth/login", &json, "", 405, "method_not_allowed"),
        ("BREW", "/health", &json, "", 405, "method_not_allowed"),
        ("POST", "/auth/login", &text, "{}", 415, "unsupported_media_type"),
        ("POST", "/auth/login", &json, "{", 400, "bad_request"),
        ("POST", "/api/tasks", &json, "{}", 422, "validation"),
        ("POST", "/api/tasks", &json, big.as_str(), 413, "payload_too_large"),
        ("GET", "/api/tasks/1", &json, "", 422, "validation"),
        ("GET", long.as_str(), &json, "", 414, "bad_request"),
        ("GET", "/docs/no-such-file", &json, "", 404, "not_found"),
        ("GET", "/docs/%2e%2e%2fCargo.toml", &json, "", 404, "not_found"),
    ] {
        let reply = client.raw(method, path, headers, body.to_owned()).await;
        let reply = reply.expect_problem(status, code);
        assert_eq!(reply.json()["request_id"], reply.header("x-request-id"), "{path}");
    }
    client.with_token("x").get("/auth/me").await.expect_problem(401, "invalid_token");
}

#[tokio::test]
async fn a_405_names_the_methods_in_allow() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    let reply = client.raw("PUT", "/health", &[], Body::empty()).await.expect(405);
    assert_eq!(reply.header("allow"), "GET,HEAD");
    assert_eq!(reply.json()["detail"], "This path supports GET and HEAD.");
    let reply = client.raw("POST", "/auth/me", &[], Body::empty()).await.expect(405);
    for method in ["GET", "HEAD", "PATCH", "DELETE"] {
        assert!(reply.header("allow").split(',').any(|it| it == method), "{method}");
        assert!(reply.json()["detail"].as_str().is_some_and(|it| it.contains(method)), "{method}");
    }
    let reply = client.raw("OPTIONS", "/auth/me", &[], Body::empty()).await.expect(204);
    assert!(reply.header("allow").contains("PATCH") && reply.bytes.is_empty());
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    let head = client.raw("HEAD", "/livez", &[], Body::empty()).await.expect(200);
    let get = client.get("/livez").await.expect(200);
    assert!(head.bytes.is_empty());
    assert_eq!(head.header("content-type"), get.header("content-type"));
}

/// A client of routes of the test's own inside the real layers.
async fn around<const N: usize>(handlers: [(&str, MethodRouter); N]) -> Client {
    let app = TestApp::start(Engine::Sqlite).await;
    let routes = handlers.into_iter().fold(Routes::default(), |routes, (path, handler)| {
        routes.add_undescribed(Declared::STRICT, path, handler)
    });
    Client::anonymous(app.app.surround(routes))
}

#[tokio::test]
async fn a_panic_shows_only_the_request_id() {
    async fn panics() -> &'static str {
        panic!("the secret inside of /srv/doorward/handler.rs")
    }
    let client = around([("/panic", get(panics))]).await;
    let sent = [("x-request-id", "find-me")];
    let reply = client.raw("GET", "/panic", &sent, Body::empty()).await;
    let reply = reply.expect_problem(500, "internal");
    assert_eq!(
        reply.json(),
        json!({
            "type": "urn:doorward:problem:internal",
            "title": "Internal error",
            "status": 500,
            "code": "internal",
            "detail": "Internal error: report the request id to the operator.",
            "request_id": "find-me",
        })
    );
}

#[tokio::test]
async fn what_an_internal_error_says_stays_inside() {
    let failing = || async { Error::Internal("SELECT hashed_password FROM users".into()) };
    let client = around([("/fail", get(failing))]).await;
    let reply = client.get("/fail").await.expect_problem(500, "internal");
    assert!(!reply.text().contains("SELECT") && !reply.text().contains("users"));
}

both! {
    async fn a_schema_that_lacks_a_table_is_503_and_tells_nothing_of_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for table in ["sessions", "user_roles"] {
            let text = match table {
                "sessions" => "ALTER TABLE sessions RENAME TO gone_sessions",
                _ => "ALTER TABLE user_roles RENAME TO gone_user_roles",
            };
            sql::<()>(&app, text).await;
            let login = json!({"email": "ada@example.com", "password": PASSWORD});
            for reply in [
                ada.get("/auth/me").await,
                ada.get("/api/tasks").await,
                ada.post("/api/tasks", json!({"title": "x"})).await,
                ada.post("/auth/login", login).await,
                ada.post("/auth/refresh", json!({"refresh_token": ada.refresh_token})).await,
            ] {
                let reply = reply.expect_problem(503, "unavailable");
                let whole = format!("{:?} {}", reply.headers, reply.text()).to_lowercase();
                for inside in ["sessions", "user_roles", "relation", "table", "sql", "42p01"] {
                    assert!(!whole.contains(inside), "{whole}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_handler_past_its_deadline_is_503_with_retry_after() {
    let guard = Surround::with(Guard::new(10, Duration::from_millis(50)));
    let slow = get(std::future::pending::<()>).layer(guard);
    let reply =
        around([("/slow", slow)]).await.get("/slow").await.expect_problem(503, "unavailable");
    assert!(reply.header("retry-after").parse::<u64>().is_ok());
}

#[tokio::test]
async fn more_requests_at_once_than_places_are_503_with_retry_after() {
    let guard = Surround::with(Guard::new(1, Duration::from_secs(5)));
    let full = get(std::future::pending::<()>).layer(guard);
    let client = around([("/slow", full)]).await;
    let first = client.clone();
    let first = tokio::spawn(async move { first.get("/slow").await });
    tokio::task::yield_now().await;
    let reply = client.get("/slow").await.expect_problem(503, "unavailable");
    assert!(reply.header("retry-after").parse::<u64>().is_ok());
    first.abort();
}

/// Three requests whose bodies never come, and one place.
#[tokio::test]
async fn a_request_that_waits_for_its_body_holds_no_place_that_others_need() {
    let guard = Surround::with(Guard::new(3, Duration::from_secs(5)));
    let read = post(|_: Bytes| async { "read" }).layer(guard.clone());
    let quick = get(|| async { "quick" }).layer(guard);
    let client = around([("/read", read), ("/quick", quick)]).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let client = client.clone();
        let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
        let request = Request::post("/read").body(never).unwrap();
        waiting.push(tokio::spawn(async move { client.send(request).await }));
        tokio::task::yield_now().await;
    }
    for _ in 0..10 {
        client.get("/quick").await.expect(200);
    }
    // As many may wait as there are places, no more.
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
    let request = Request::post("/read").body(never).unwrap();
    client.send(request).await.expect_problem(503, "unavailable");
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}
