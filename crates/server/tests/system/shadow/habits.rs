//! Old backends of other kinds: numbers for ids, cookies for sessions, queries of their own, TLS in front.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use doorward::config::AuthorityFile;
use doorward::shadow::{Findings, OldBackend, Shadow};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::old_app;
use super::proxy::{before, listen};
use super::rehearsal::{Rehearsal, call, command};
use crate::support::app::{Engine, TestApp};
use crate::support::client::PASSWORD;
use crate::support::process::exchange;
use crate::support::smtp::certificates;

fn json_of(status: u16, body: &Value) -> Response {
    let mut response = ([("content-type", "application/json")], body.to_string()).into_response();
    *response.status_mut() = status.try_into().unwrap();
    response
}

fn task(id: u64, title: &str) -> Value {
    json!({"id": id, "title": title, "completed": false})
}

/// Numbers for ids; a token, or a cookie where `by_cookie`.
fn numbered(by_cookie: bool) -> Router {
    let signed_in = move |headers: &HeaderMap| {
        let has = |name: &str, part: &str| {
            headers.get(name).and_then(|it| it.to_str().ok()).is_some_and(|it| it.contains(part))
        };
        if by_cookie {
            has("cookie", "session=0ld-session-of-ada-c4f1b2")
        } else {
            has("authorization", "Bearer old-token-of-ada")
        }
    };
    let list = move |headers: HeaderMap, request: Request| async move {
        let query = request.uri().query().unwrap_or_default().to_owned();
        if !signed_in(&headers) {
            return json_of(401, &json!({"detail": "Not authenticated"}));
        }
        let all = [task(7, "Write notes"), task(8, "Find the moth")];
        let found = match query.as_str() {
            "status=completed" => &all[..0],
            "per_page=1&page=2&sort_by=title&order=desc" => &all[1..],
            _ => &all[..],
        };
        json_of(200, &json!(found))
    };
    let login = move || async move {
        if by_cookie {
            let mut answer = axum::http::StatusCode::NO_CONTENT.into_response();
            let cookie = "session=0ld-session-of-ada-c4f1b2; HttpOnly; Path=/".parse().unwrap();
            answer.headers_mut().insert("set-cookie", cookie);
            return answer;
        }
        json_of(200, &json!({"access_token": "old-token-of-ada", "token_type": "bearer"}))
    };
    let create = |body: String| async move {
        let body: Value = serde_json::from_str(&body).unwrap();
        let title = body["title"].as_str().unwrap();
        json_of(201, &task(if title == "Write notes" { 7 } else { 8 }, title))
    };
    let email = json!({"id": 1, "email": "ada@example.com"});
    Router::new()
        .route("/auth/register", post(move || async move { json_of(201, &email) }))
        .route("/auth/login", post(login))
        .route("/api/tasks", get(list).post(create))
        .route("/api/tasks/7", get(|| async { json_of(200, &task(7, "Write notes")) }))
}

/// Registers, signs in and makes two tasks: the token, if there is one.
async fn begin(port: u16, cookie: Option<&str>) -> Option<String> {
    let signing = json!({"email": "ada@example.com", "password": PASSWORD});
    call(port, "POST", "/auth/register", None, Some(signing.clone())).await;
    let (status, answer) = call(port, "POST", "/auth/login", None, Some(signing)).await;
    assert!(matches!(status, 200 | 204), "{answer}");
    let token = answer["access_token"].as_str().map(str::to_owned);
    for title in ["Write notes", "Find the moth"] {
        let body = json!({"title": title});
        match cookie {
            None => drop(call(port, "POST", "/api/tasks", token.as_deref(), Some(body)).await),
            Some(cookie) => {
                let request = Request::post("/api/tasks")
                    .header("cookie", cookie)
                    .header("content-type", "application/json");
                assert_eq!(
                    exchange(port, request.body(Body::from(body.to_string())).unwrap())
                        .await
                        .status(),
                    201
                );
            }
        }
    }
    token
}

fn kinds(found: &Findings, route: &str) -> Vec<&'static str> {
    let found = found.routes.get(route).unwrap_or_else(|| panic!("{route} is not in {found:?}"));
    assert!(found.not_compared.is_empty(), "{route}: {:?}", found.not_compared);
    let mut words: Vec<_> = found.differences.iter().map(|one| one.kind.word()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

both! {
    async fn numbers_for_ids_are_followed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (shadow, port, work) = before(&app, numbered(false)).await;
        let token = begin(port, None).await;
        let (_, one) = call(port, "GET", "/api/tasks/7", token.as_deref(), None).await;
        assert_eq!(one["id"], 7, "the client sees the old backend's");
        call(port, "GET", "/api/tasks", token.as_deref(), None).await;
        shadow.close();
        work.await.unwrap();
        let found = shadow.found();
        assert_eq!(found.routes["GET /api/tasks/{id}"].operation.as_deref(), Some("tasks.show"));
        for route in ["GET /api/tasks/{id}", "GET /api/tasks", "POST /api/tasks"] {
            assert_eq!(kinds(&found, route), ["ids"], "{found:?}");
        }
    }

    async fn a_session_in_a_cookie_is_followed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (shadow, port, work) = before(&app, numbered(true)).await;
        let cookie = "theme=dark; session=0ld-session-of-ada-c4f1b2";
        assert_eq!(begin(port, Some(cookie)).await, None);
        for _ in 0..2 {
            let request = Request::get("/api/tasks").header("cookie", cookie).body(Body::empty()).unwrap();
            assert_eq!(exchange(port, request).await.status(), 200);
        }
        assert_eq!(call(port, "GET", "/api/tasks", None, None).await.0, 401, "without it nothing is shown");
        shadow.close();
        work.await.unwrap();
        let found = shadow.found();
        assert_eq!(kinds(&found, "POST /api/tasks"), ["ids"]);
        assert!(!kinds(&found, "GET /api/tasks").contains(&"refused"), "{found:?}");
        assert!(!format!("{found:?}").contains("0ld-session-of-ada-c4f1b2"), "and it is not in the report");
    }

    async fn parameters_of_lists_are_learnt(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (shadow, port, work) = before(&app, numbered(false)).await;
        let token = begin(port, None).await;
        for query in ["status=completed", "per_page=1&page=2&sort_by=title&order=desc", "status=completed"] {
            call(port, "GET", &format!("/api/tasks?{query}"), token.as_deref(), None).await;
        }
        shadow.close();
        work.await.unwrap();
        let found = shadow.found();
        let learnt = &found.dialect["query"]["tasks.list"];
        for (name, value) in [("page", "page"), ("size", "per_page"), ("sort_by", "sort_by"), ("order", "order")] {
            assert_eq!(learnt[name], json!([value]), "{learnt}");
        }
        assert_eq!(learnt["values"]["status"]["to"], "completed");
        let left: Vec<_> = found.routes["GET /api/tasks"].differences.iter().filter(|one| !one.mapped).collect();
        assert!(left.iter().all(|one| one.kind.word() == "ids"), "{left:?}");
    }
}

#[tokio::test]
async fn differences_that_are_accepted_let_a_rehearsal_pass() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = old_app::serve(numbered(false)).await;
    for (accept, code) in
        [(&["--accept", "ids,missing,status,times"][..], 0), (&["--accept", "times"], 1)]
    {
        let report = format!("{code}.json");
        let database = format!("sqlite:{code}.db");
        let mut all =
            vec!["--fail-on-difference", "--report", &report, "--database-url", &database];
        all.extend(accept);
        let mut rehearsal = Rehearsal::start(dir.path(), &upstream, &all).await;
        let token = begin(rehearsal.port, None).await;
        call(rehearsal.port, "GET", "/api/tasks/7", token.as_deref(), None).await;
        let ended = rehearsal.end().await;
        let (_, table, _) = command(dir.path(), &["shadow", "report", &report, "--accept", "ids"]);
        assert_eq!(ended, Some(code), "{table}");
        assert!(table.contains("~ id was integer and is UUID."), "{table}");
        let (again, _, _) =
            command(dir.path(), &["shadow", "report", &report, "--fail-on-difference"]);
        assert_eq!(again, Some(1), "a report that is read again accepts nothing by itself");
    }
}

#[tokio::test]
async fn the_old_backend_sees_the_host_that_the_client_sent_if_it_is_to() {
    let app = TestApp::start(Engine::Sqlite).await;
    let echo = |headers: HeaderMap| async move { headers["host"].to_str().unwrap().to_owned() };
    let upstream = old_app::serve(Router::new().route("/host", get(echo))).await;
    for (keeps_host, seen) in [(true, "localhost"), (false, "127.0.0.1:")] {
        let old = OldBackend { url: &upstream, keeps_host, authorities: None };
        let (shadow, _work) = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {})).unwrap();
        let port = listen(shadow).await;
        let request = Request::get("/host").body(Body::empty()).unwrap();
        let body = axum::body::to_bytes(Body::new(exchange(port, request).await.into_body()), 100)
            .await
            .unwrap();
        assert!(body.starts_with(seen.as_bytes()), "{body:?}");
    }
}

/// A TLS server in front of this address, with the certificate of these files.
async fn behind_tls(plain: &str, [_, certificate, key]: &[String; 3]) -> SocketAddr {
    let certificates =
        CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = config.with_no_client_auth().with_single_cert(certificates, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let (address, plain) =
        (listener.local_addr().unwrap(), plain.trim_start_matches("http://").to_owned());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (acceptor.clone(), plain.clone());
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = TcpStream::connect(plain).await.unwrap();
                let _ = copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn an_old_backend_behind_tls_is_asked_only_if_its_certificate_is_trusted() {
    let app = TestApp::start(Engine::Sqlite).await;
    let dir = tempfile::tempdir().unwrap();
    let files = certificates(dir.path());
    let address = behind_tls(&old_app::serve(numbered(false)).await, &files).await;
    let url = format!("https://0.0.0.0:{}", address.port());
    let trusted = AuthorityFile::open(dir.path().join("ca.pem").as_ref()).unwrap();
    for (authorities, wanted) in [(Some(&trusted), 200), (None, 502)] {
        let old = OldBackend { url: &url, keeps_host: false, authorities };
        let (shadow, _work) = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {})).unwrap();
        let (status, _) = call(listen(shadow).await, "GET", "/api/tasks/7", None, None).await;
        assert_eq!(status, wanted);
    }
    // The name counts too.
    let url = format!("https://localhost:{}", address.port());
    let old = OldBackend { url: &url, keeps_host: false, authorities: Some(&trusted) };
    let (shadow, _work) = Shadow::new(&old, app.app.clone(), Box::new(|_, _| {})).unwrap();
    assert_eq!(call(listen(shadow).await, "GET", "/api/tasks/7", None, None).await.0, 502);
}
