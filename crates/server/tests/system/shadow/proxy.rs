//! The old backend's answers reach clients as they are, whatever Doorward does.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use doorward::accept::limits::Limits;
use doorward::accept::server::serve;
use doorward::shadow::{OldBackend, Shadow};
use futures_util::StreamExt;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::old_app;
use super::rehearsal::call;
use crate::support::app::{Engine, TestApp};
use crate::support::process::exchange;

const PATIENCE: Duration = Duration::from_secs(30);

/// The port that it listens on until the test ends.
pub(super) async fn listen(shadow: Shadow) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(listener, shadow, Limits::default(), std::future::pending()));
    port
}

/// A proxy in this process, in front of these routes.
pub(super) async fn before(
    app: &TestApp,
    routes: Router,
) -> (Shadow, u16, tokio::task::JoinHandle<()>) {
    let upstream = old_app::serve(routes).await;
    let old = OldBackend { url: &upstream, keeps_host: false, authorities: None };
    let made = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {}));
    let (shadow, work) = made.unwrap();
    let port = listen(shadow.clone()).await;
    (shadow, port, tokio::spawn(work))
}

fn headers_of(headers: &HeaderMap) -> Value {
    let text =
        |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), Value::from(text(value)))).collect()
}

#[tokio::test]
async fn a_streamed_answer_arrives_piece_by_piece_and_a_large_upload_whole() {
    let app = TestApp::start(Engine::Sqlite).await;
    let (pieces, held) = mpsc::channel::<Bytes>(1);
    let held = std::sync::Arc::new(std::sync::Mutex::new(Some(held)));
    let routes = Router::new()
        .route(
            "/stream",
            get(move || async move {
                let mut held = held.lock().unwrap().take().unwrap();
                let body = futures_util::stream::poll_fn(move |cx| held.poll_recv(cx));
                Body::from_stream(body.map(Ok::<_, Infallible>))
            }),
        )
        .route(
            "/upload",
            post(|request: Request| async move {
                let whole = request.into_body().collect().await.unwrap().to_bytes();
                whole.len().to_string()
            }),
        );
    let (shadow, port, work) = before(&app, routes).await;
    let request = Request::get("/stream").body(Body::empty()).unwrap();
    let asked = tokio::spawn(async move { exchange(port, request).await });
    pieces.send("first".into()).await.unwrap();
    let mut body = asked.await.unwrap().into_body();
    let next = tokio::time::timeout(PATIENCE, body.frame()).await.unwrap().unwrap().unwrap();
    assert_eq!(next.into_data().unwrap(), "first");
    pieces.send("second".into()).await.unwrap();
    drop(pieces);
    let rest = tokio::time::timeout(PATIENCE, body.collect()).await.unwrap().unwrap().to_bytes();
    assert_eq!(rest, "second");
    let many = 3_000_000;
    let request = Request::post("/upload").body(Body::from(vec![b'x'; many])).unwrap();
    let answer = exchange(port, request).await.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer, many.to_string());
    shadow.close();
    work.await.unwrap();
    let found = shadow.found();
    let reasons = &found.routes["POST /upload"].not_compared;
    assert_eq!(reasons["the request was too large, or was incomplete"], 1, "{found:?}");
}

#[tokio::test]
async fn the_old_backend_sees_whom_the_request_came_from_and_no_field_of_the_connection() {
    let app = TestApp::start(Engine::Sqlite).await;
    let routes = Router::new().fallback(any(|request: Request| async move {
        let seen =
            json!({"path": request.uri().to_string(), "headers": headers_of(request.headers())});
        (
            [("content-type", "application/json"), ("x-own", "kept"), ("keep-alive", "timeout=5")],
            seen.to_string(),
        )
    }));
    let (_shadow, port, _work) = before(&app, routes).await;
    let request = Request::get("/a%20b?c=%2F&d")
        .header("connection", "close, x-hop")
        .header("x-hop", "1")
        .header("accept-encoding", "gzip")
        .header("cookie", "a=b")
        .body(Body::empty());
    let answer = exchange(port, request.unwrap()).await;
    assert_eq!(answer.headers()["x-own"], "kept");
    assert!(!answer.headers().contains_key("keep-alive"));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let seen: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(seen["path"], "/a%20b?c=%2F&d");
    let headers = &seen["headers"];
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-host"], "localhost");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["cookie"], "a=b");
    assert_eq!(headers["accept-encoding"], "identity");
    assert!(headers["host"].as_str().unwrap().starts_with("127.0.0.1:"), "{headers}");
    assert!(headers.get("x-hop").is_none() && headers.get("connection").is_none(), "{headers}");
}

#[tokio::test]
async fn a_redirect_of_the_old_backend_to_itself_stays_before_the_proxy() {
    let app = TestApp::start(Engine::Sqlite).await;
    let routes = Router::new().route(
        "/items",
        get(|headers: HeaderMap| async move {
            let host = headers["host"].to_str().unwrap().to_owned();
            (
                axum::http::StatusCode::TEMPORARY_REDIRECT,
                [("location", format!("http://{host}/items/?a=1"))],
            )
                .into_response()
        }),
    );
    let (_shadow, port, _work) = before(&app, routes).await;
    let request = Request::get("/items").body(Body::empty()).unwrap();
    let answer = exchange(port, request).await;
    assert_eq!(answer.headers()["location"], "http://localhost/items/?a=1");
}

#[tokio::test]
async fn a_client_is_informed_when_the_old_backend_is_away_and_when_it_asks_for_an_upgrade() {
    let app = TestApp::start(Engine::Sqlite).await;
    let old = OldBackend { url: "http://127.0.0.1:1", keeps_host: false, authorities: None };
    let away = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {}));
    let (shadow, work) = away.unwrap();
    let work = tokio::spawn(work);
    let port = listen(shadow.clone()).await;
    let (status, body) = call(port, "GET", "/api/tasks", None, None).await;
    assert_eq!((status, &body["detail"]), (502, &json!("The old backend did not respond.")));
    let request =
        Request::get("/socket").header("connection", "upgrade").header("upgrade", "websocket");
    assert_eq!(exchange(port, request.body(Body::empty()).unwrap()).await.status(), 501);
    shadow.close();
    work.await.unwrap();
    let found = shadow.found();
    assert_eq!(found.upgrades, 1);
    assert_eq!(found.routes["GET /api/tasks"].not_compared["the old backend did not respond"], 1);
}

#[tokio::test]
async fn a_doorward_that_hangs_delays_no_client() {
    let app = TestApp::start(Engine::Postgres).await;
    // Whoever holds this lock makes every statement on the table wait.
    let (client, connection) =
        tokio_postgres::connect(&app.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answered = r#"{"id":"a1","email":"ada@example.com"}"#;
    let json = [("content-type", "application/json")];
    let routes =
        Router::new().route("/auth/register", post(move || async move { (json, answered) }));
    let (shadow, port, work) = before(&app, routes).await;
    let body = json!({"email": "ada@example.com", "password": "correct horse battery staple"});
    for _ in 0..20 {
        let called = call(port, "POST", "/auth/register", None, Some(body.clone()));
        let (status, _) = tokio::time::timeout(Duration::from_secs(5), called).await.unwrap();
        assert_eq!(status, 200);
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    shadow.close();
    work.abort();
}
