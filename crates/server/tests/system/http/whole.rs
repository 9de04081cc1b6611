//! The whole application behind the accept loop: what its layers say to clients that misbehave.

use doorward::accept::limits::Limits;
use serde_json::Value;

use crate::http::server::{SHORT, Server, limits};
use crate::support::{Engine, TestApp};

async fn start() -> Server {
    with(limits()).await
}

async fn with(limits: Limits) -> Server {
    let app = TestApp::start(Engine::Sqlite).await;
    Server::of(app.router.clone(), limits).await
}

fn problem(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    assert!(head.contains("x-request-id: ") && head.contains("vary: Origin"), "{answer}");
    serde_json::from_str(body).expect("JSON")
}

fn login(length: usize) -> Vec<u8> {
    let head = "POST /auth/login HTTP/1.1\r\nHost: test\r\nContent-Type: application/json";
    format!("{head}\r\nContent-Length: {length}\r\n\r\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_comes_too_slowly_is_refused_in_words() {
    let server = with(Limits { body: SHORT, ..limits() }).await;
    let mut socket = server.connect().await;
    socket.send(&login(100)).await;
    socket.send(b"{\"email\": \"ada@example").await;
    let refusal = problem(&socket.rest().await);
    assert_eq!((&refusal["status"], &refusal["code"]), (&400.into(), &"bad_request".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_giant_password_is_refused_in_words_that_arrive() {
    let server = start().await;
    let mut request = login(5_000_000);
    request.extend_from_slice(b"{\"email\": \"ada@example.com\", \"password\": \"");
    request.resize(request.len() + 4_999_000, b'x');
    let refusal = problem(&server.exchange(&request).await);
    assert_eq!((&refusal["status"], &refusal["code"]), (&413.into(), &"payload_too_large".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_thirty_thousand_dots_is_refused_in_words() {
    let server = start().await;
    let head = "GET /auth/me HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer ";
    let request = format!("{head}{}\r\n\r\n", ".".repeat(30_000));
    let refusal = problem(&server.exchange(request.as_bytes()).await);
    assert_eq!((&refusal["status"], &refusal["code"]), (&401.into(), &"invalid_token".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_no_http_is_refused_in_the_same_words() {
    let server = start().await;
    let refusal = problem(&server.exchange(b"NONSENSE\r\n\r\n").await);
    assert_eq!((&refusal["status"], &refusal["code"]), (&400.into(), &"bad_request".into()));
    assert!(refusal["request_id"].as_str().is_some_and(|id| id.len() == 36));
}
