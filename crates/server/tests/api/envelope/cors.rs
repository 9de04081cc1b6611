//! CORS: the browser's view.

use axum::body::Body;
use doorward::config::AllowedOrigins;

use crate::support::{Client, Engine, Reply, TestApp};

const APP: &str = "https://app.example";

async fn client() -> Client {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.allowed_origins = AllowedOrigins::List(vec![APP.into()]);
    });
    app.await.anonymous()
}

async fn preflight(client: &Client, path: &str, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    client.raw("OPTIONS", path, &headers, Body::empty()).await
}

#[tokio::test]
async fn preflights_need_no_token() {
    let client = client().await;
    for path in ["/auth/me", "/api/tasks", "/api/tasks/not-an-id", "/nowhere"] {
        let reply = preflight(&client, path, APP).await.expect(204);
        assert_eq!(reply.header("access-control-allow-origin"), APP);
        assert_eq!(reply.header("access-control-allow-credentials"), "true");
        assert_eq!(
            reply.header("access-control-allow-headers"),
            "Authorization, Content-Type, If-Match, If-None-Match, Prefer, X-Request-Id, X-Requested-With, \
             X-Correlation-ID, traceparent, tracestate, baggage, sentry-trace, X-CSRF-Token"
        );
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(reply.header("access-control-allow-methods").contains(method), "{method}");
        }
        assert!(reply.bytes.is_empty());
        assert!(!reply.header("x-request-id").is_empty());
    }
}

#[tokio::test]
async fn null_and_lookalike_origins_are_never_allowed() {
    let client = client().await;
    for origin in [
        "null",
        "*",
        "http://app.example",
        "https://app.example.evil.com",
        "https://evil.com?https://app.example",
        "https://app.example:444",
        "https://APP.example",
        "https://app.example/",
        "https://app.exampl",
    ] {
        let preflight = preflight(&client, "/auth/me", origin).await;
        let plain = client.raw("GET", "/auth/me", &[("origin", origin)], Body::empty()).await;
        for reply in [preflight, plain] {
            let given = reply.headers.keys().filter(|name| name.as_str().starts_with("access-"));
            assert_eq!(given.collect::<Vec<_>>(), [""; 0], "{origin}");
            assert_eq!(reply.header("vary"), "Origin", "{origin}");
        }
    }
}

#[tokio::test]
async fn every_error_can_be_read_by_an_allowed_origin() {
    let client = client().await;
    let long = format!("/{}", "x".repeat(9000));
    for (method, path, status) in [
        ("GET", "/auth/me", 401),
        ("GET", "/nowhere", 404),
        ("DELETE", "/health", 405),
        ("POST", "/auth/login", 415),
        ("GET", long.as_str(), 414),
    ] {
        let reply =
            client.raw(method, path, &[("origin", APP)], Body::empty()).await.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), APP);
        assert_eq!(
            reply.header("access-control-expose-headers"),
            "Link, X-Total-Count, ETag, Location, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, \
             WWW-Authenticate, Preference-Applied"
        );
    }
}

#[tokio::test]
async fn without_a_list_no_origin_is_allowed() {
    let client = TestApp::start(Engine::Sqlite).await.anonymous();
    for origin in ["http://localhost:3000", "http://127.0.0.1:8000", "null"] {
        let reply = preflight(&client, "/auth/me", origin).await;
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn dev_allows_every_port_of_this_machine_and_nothing_else() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.allowed_origins = AllowedOrigins::Localhost;
    });
    let client = app.await.anonymous();
    for origin in ["http://localhost:3000", "http://127.0.0.1:5173", "https://localhost"] {
        let reply = preflight(&client, "/auth/me", origin).await;
        assert_eq!(reply.header("access-control-allow-origin"), origin);
    }
    for origin in ["null", "http://localhost.evil.com", "http://192.168.0.1:3000"] {
        let reply = preflight(&client, "/auth/me", origin).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn an_operator_can_allow_further_headers() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.allowed_origins = AllowedOrigins::List(vec![APP.into()]);
        settings.allowed_headers = vec!["x-tenant".parse().unwrap()];
    })
    .await;
    let reply = preflight(&app.anonymous(), "/auth/me", APP).await.expect(204);
    assert!(reply.header("access-control-allow-headers").ends_with(", x-tenant"));
}
