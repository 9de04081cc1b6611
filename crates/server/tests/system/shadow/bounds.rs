//! What a rehearsal costs and causes is bounded: no mail leaves, and an old backend that is slow, dead or
//! endless takes neither memory nor a client's patience for ever.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::routing::{get, post};
use doorward::shadow::{OldBackend, Shadow};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::old_app;
use super::proxy::listen;
use super::rehearsal::{Rehearsal, call, command};
use crate::support::app::{Engine, TestApp};
use crate::support::client::PASSWORD;
use crate::support::process::exchange;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn no_mail_leaves_a_rehearsal_not_even_later() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, calls) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let settings = format!(
        "SMTP_URL=smtp://127.0.0.1:{port}\nMAIL_FROM=post@example.org\nPUBLIC_URL=https://a.example\n"
    );
    std::fs::write(dir.path().join(".env"), settings).unwrap();
    let accepted = || async { axum::http::StatusCode::ACCEPTED };
    let register = || async {
        let json = [("content-type", "application/json")];
        (axum::http::StatusCode::CREATED, json, r#"{"email": "ada@example.com"}"#)
    };
    let routes = Router::new()
        .route("/auth/register", post(register))
        .route("/auth/password/forgot", post(accepted));
    let upstream = old_app::serve(routes).await;
    let mut rehearsal =
        Rehearsal::start(dir.path(), &upstream, &["--database-url", "sqlite:copy.db"]).await;
    let ada = json!({"email": "ada@example.com", "password": PASSWORD});
    call(rehearsal.port, "POST", "/auth/register", None, Some(ada)).await;
    for _ in 0..2 {
        let email = json!({"email": "ada@example.com"});
        assert_eq!(
            call(rehearsal.port, "POST", "/auth/password/forgot", None, Some(email)).await.0,
            202
        );
    }
    rehearsal.end().await;
    let report: Value = serde_json::from_str(
        &std::fs::read_to_string(dir.path().join(".doorward/shadow.json")).unwrap(),
    )
    .unwrap();
    let forgot = &report["routes"]["POST /auth/password/forgot"];
    assert_eq!(
        (&forgot["calls"], &forgot["same"]),
        (&json!(2), &json!(2)),
        "Doorward did its part: {forgot}"
    );
    let (code, listed, said) = command(
        dir.path(),
        &["mail", "list", "--all", "--json", "--database-url", "sqlite:copy.db"],
    );
    assert_eq!((code, listed.trim()), (Some(0), "[]"), "{said}");
    assert_eq!(calls.load(Ordering::Relaxed), 0, "nobody asked the mail server");
}

#[tokio::test]
async fn an_answer_of_hundreds_of_megabytes_passes_through_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let many = 300;
    let endless = move || async move {
        let piece = Bytes::from(vec![b'x'; MIB]);
        let pieces = (0..many).map(move |_| Ok::<_, Infallible>(piece.clone()));
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    let upstream = old_app::serve(Router::new().route("/export", get(endless))).await;
    let mut rehearsal = Rehearsal::start(dir.path(), &upstream, &[]).await;
    let request = Request::get("/export").body(Body::empty()).unwrap();
    let mut body = exchange(rehearsal.port, request).await.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.unwrap().into_data().map_or(0, |data| data.len());
    }
    assert_eq!(length, many * MIB);
    let peak = rehearsal.peak_memory();
    assert!(peak < 150 * MIB, "{} MiB for {many} MiB", peak / MIB);
    rehearsal.end().await;
    let report = std::fs::read_to_string(dir.path().join(".doorward/shadow.json")).unwrap();
    assert!(report.contains("GET /export"), "{report}");
}

#[tokio::test]
async fn an_old_backend_that_never_answers_is_waited_for_five_minutes() {
    let app = TestApp::start(Engine::Sqlite).await;
    let (asked, message) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let notify = Arc::clone(&asked);
    let keep = Arc::clone(&message);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut some = [0; 16];
        stream.read_exact(&mut some).await.unwrap();
        notify.notify_one();
        keep.notified().await;
    });
    let old = OldBackend { url: &url, keeps_host: false, authorities: None };
    let (shadow, work) = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {})).unwrap();
    let work = tokio::spawn(work);
    let port = listen(shadow.clone()).await;
    let call = tokio::spawn(async move { call(port, "GET", "/api/tasks", None, None).await });
    asked.notified().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(301)).await;
    tokio::time::resume();
    let (status, body) =
        tokio::time::timeout(Duration::from_secs(20), call).await.unwrap().unwrap();
    assert_eq!(
        (status, &body["detail"]),
        (504, &json!("The old backend did not respond within five minutes."))
    );
    message.notify_one();
    shadow.close();
    work.await.unwrap();
    assert_eq!(
        shadow.found().routes["GET /api/tasks"].not_compared["the old backend did not respond"],
        1
    );
}

#[tokio::test]
async fn an_old_backend_that_dies_in_the_middle_breaks_off_the_answer_and_nothing_else() {
    let app = TestApp::start(Engine::Sqlite).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut some = [0; 4096];
            assert!(stream.read(&mut some).await.unwrap() > 0);
            let half = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[1, 2";
            stream.write_all(half.as_bytes()).await.unwrap();
        }
    });
    let old = OldBackend { url: &url, keeps_host: false, authorities: None };
    let (shadow, work) = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {})).unwrap();
    let work = tokio::spawn(work);
    let port = listen(shadow.clone()).await;
    for _ in 0..2 {
        let request = Request::get("/api/tasks").body(Body::empty()).unwrap();
        let answer = exchange(port, request).await;
        assert_eq!(answer.status(), 200);
        assert!(
            answer.into_body().collect().await.is_err(),
            "half an answer is not passed off as a whole one"
        );
    }
    shadow.close();
    work.await.unwrap();
    let found = shadow.found();
    let reasons = &found.routes["GET /api/tasks"].not_compared;
    assert_eq!(reasons["the response was too large, or was incomplete"], 2, "{found:?}");
}
