//! Log lines: one for each request, with its id, and nothing that the request could forge or leak.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Body;
use doorward::cli::JsonLine;
use serde_json::{Value, json};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::support::client::PASSWORD;
use crate::support::{Engine, TestApp};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    /// Collects what this thread logs until the guard is dropped.
    fn start(&self) -> tracing::subscriber::DefaultGuard {
        // With one collector in the process, a thread without one that comes to a place of logging first
        // silences it for all; with two, all are asked.
        static SECOND: LazyLock<Dispatch> =
            LazyLock::new(|| Dispatch::new(NoSubscriber::default()));
        LazyLock::force(&SECOND);
        let written = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .event_format(JsonLine)
            .with_writer(move || written.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("UTF-8")
    }

    /// The access lines.
    fn requests(&self) -> Vec<Value> {
        let text = self.text();
        let lines =
            text.lines().map(|line| serde_json::from_str(line).expect("one line, one event"));
        lines.filter(|line: &Value| line["target"] == "doorward::access").collect()
    }
}

#[tokio::test]
async fn each_request_is_one_line_with_route_status_and_id() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let written = Written::default();
    let _guard = written.start();
    let sent = [("x-request-id", "line-1")];
    ada.raw(
        "GET",
        "/api/tasks/0199aaaa-0000-7000-8000-000000000000?q=secret",
        &sent,
        Body::empty(),
    )
    .await
    .expect(404);
    ada.get("/livez").await.expect(200);
    let lines = written.requests();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let fields = &lines[0];
    assert_eq!(fields["path"], "/api/tasks/{id}");
    assert_eq!(fields["method"], "GET");
    assert_eq!(fields["status"], 404);
    assert_eq!(fields["client"], "0.0.0.0");
    assert!(fields["ms"].is_number());
    assert_eq!(lines[0]["request_id"], "line-1");
    assert_eq!((&lines[0]["level"], &lines[1]["level"]), (&json!("INFO"), &json!("DEBUG")));
}

/// What is refused before an account is known is logged with its address too.
#[tokio::test]
async fn a_throttled_request_is_a_line_with_its_address() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.rate_limit_login = Some(doorward::config::Quota::per_minute(1));
    })
    .await;
    let client = app.anonymous().from("203.0.113.7");
    let written = Written::default();
    let _guard = written.start();
    for status in [401, 429] {
        let body = json!({"email": "nobody@example.com", "password": "not it"});
        client.post("/auth/login", body).await.expect(status);
    }
    let lines = written.requests();
    let fields = &lines[1];
    assert_eq!((&fields["status"], &fields["client"]), (&json!(429), &json!("203.0.113.7")));
    assert_eq!((&fields["path"], &lines[1]["level"]), (&json!("/auth/login"), &json!("INFO")));
    assert!(lines[1]["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{lines:?}");
}

#[tokio::test]
async fn a_line_says_which_error_it_was_and_whose_request() {
    let app = TestApp::start(Engine::Sqlite).await;
    let written = Written::default();
    let _guard = written.start();
    let ada = app.sign_up("ada").await;
    ada.get("/api/tasks/0199aaaa-0000-7000-8000-000000000000").await.expect(404);
    let body = json!({"email": "ada@example.com", "password": "not it at all"});
    app.anonymous().post("/auth/login", body).await.expect(401);
    let lines = written.requests();
    let [_, login, task, failed] = &lines[..] else { panic!("{lines:?}") };
    let user = &ada.user["id"];
    assert!(user.is_string() && login["session"].is_string(), "{lines:?}");
    assert_eq!((&login["user"], &login["code"]), (user, &Value::Null), "who has signed in");
    assert_eq!((&task["user"], &task["session"]), (user, &login["session"]));
    assert_eq!(task["code"], "not_found");
    assert_eq!((&failed["code"], &failed["user"]), (&json!("invalid_credentials"), &Value::Null));
    assert!(!written.text().contains("ada@example.com"));
}

#[tokio::test]
async fn a_trace_names_its_requests_in_the_answer_and_in_the_log() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let app = TestApp::start(Engine::Sqlite).await;
    let written = Written::default();
    let _guard = written.start();
    let context = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let sent = [("traceparent", context.as_str()), ("x-request-id", "mine")];
    let reply = app.anonymous().raw("GET", "/auth/me", &sent, Body::empty()).await.expect(401);
    assert_eq!(reply.header("x-request-id"), TRACE);
    assert_eq!(reply.json()["request_id"], TRACE);
    assert_eq!(written.requests()[0]["request_id"], TRACE);
    let forged = [("traceparent", "00-x level=ERROR-00f067aa0ba902b7-01")];
    let reply = app.anonymous().raw("GET", "/auth/me", &forged, Body::empty()).await.expect(401);
    assert_eq!(reply.header("x-request-id").len(), 36, "an id made here");
}

#[tokio::test]
async fn refused_origins_and_ignored_proxies_are_reported_once_a_minute() {
    let app = TestApp::start(Engine::Sqlite).await;
    let written = Written::default();
    let _guard = written.start();
    let said = |what: &str| written.text().lines().filter(|line| line.contains(what)).count();
    let client = app.anonymous().from("10.0.0.1");
    let page = async |origin: &str| {
        let sent =
            [("origin", origin), ("host", "api.example"), ("x-forwarded-for", "203.0.113.7")];
        client.raw("GET", "/livez", &sent, Body::empty()).await.expect(200);
    };
    page("https://api.example").await;
    assert_eq!(said("ALLOWED_ORIGINS"), 0, "its own pages name their origin too");
    for _ in 0..3 {
        page("https://app.example").await;
    }
    assert_eq!((said("ALLOWED_ORIGINS"), said("TRUSTED_PROXIES")), (1, 1), "{}", written.text());
    assert!(said("https://app.example") == 1 && said("10.0.0.1") > 1, "{}", written.text());
    app.advance(std::time::Duration::from_mins(1));
    page("https://app.example").await;
    assert_eq!((said("ALLOWED_ORIGINS"), said("TRUSTED_PROXIES")), (2, 2), "{}", written.text());
}

#[tokio::test]
async fn log_lines_cannot_be_forged_by_the_request() {
    let app = TestApp::start(Engine::Sqlite).await;
    let client = app.anonymous();
    let written = Written::default();
    let _guard = written.start();
    let forged = "x level=ERROR \u{9b}31m";
    let headers = [("x-request-id", forged), ("user-agent", forged), ("authorization", forged)];
    client.raw("GET", "/%0d%0aERROR%1b[31m/nowhere", &headers, Body::empty()).await;
    client.raw("FORGED-METHOD", "/auth/me", &[], Body::empty()).await;
    let text = written.text();
    assert_eq!(written.requests().len(), 2, "{text}");
    assert!(!text.contains(['\u{1b}', '\u{9b}']) && !text.contains("\\u001b"), "{text}");
    assert!(!text.contains("level=ERROR"), "{text}");
}

#[tokio::test]
async fn no_secret_of_a_request_reaches_the_log() {
    let app = TestApp::start(Engine::Sqlite).await;
    let written = Written::default();
    let guard = written.start();
    let ada = app.sign_up("ada").await;
    ada.get(&format!("/auth/me?access_token={}", ada.token.as_deref().expect("one"))).await;
    ada.post("/auth/login", json!({"email": "ada@example.com", "password": "wrong-word-here"}))
        .await;
    ada.post("/auth/refresh", json!({"refresh_token": ada.refresh_token})).await.expect(200);
    ada.with_token("garbage-token-sent").get("/auth/me").await.expect(401);
    drop(guard);
    let text = written.text();
    assert!(written.requests().len() >= 6, "{text}");
    let token = ada.token.expect("a token");
    let refresh = ada.refresh_token.expect("a token");
    for secret in
        [PASSWORD, "wrong-word-here", "garbage-token-sent", &token, &refresh, &token[40..80]]
    {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
