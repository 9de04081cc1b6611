//! The example over real sockets, with keys fetched from a real issuer: public API only.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../examples/protected_routes.rs"]
#[allow(dead_code, unreachable_pub, reason = "the example's own main is not called")]
mod example;
mod support;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use doorward_verify::{Algorithm, Auth, Fetch, HttpFetch, Issuer, KeySet, Principal, RemoteKeys};
use serde_json::{Value, json};
use support::{NOW, Pair, claims, published};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

async fn listening(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn asking(path: &str, token: Option<&str>) -> Request<Body> {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(Body::empty()).unwrap()
}

/// Status, challenge and body of a request with this token. Every refusal is a problem document.
async fn call(router: &Router, path: &str, token: Option<&str>) -> (u16, String, Value) {
    let response = router.clone().oneshot(asking(path, token)).await.unwrap();
    let challenge = response.headers().get(header::WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |it| it.to_str().unwrap()).to_owned();
    let status = response.status().as_u16();
    if status >= 400 {
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json",
            "{status}"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store", "{status}");
    }
    let bytes = axum::body::to_bytes(response.into_body(), 65_536).await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
    (status, challenge, body)
}

#[tokio::test]
async fn the_example_takes_tokens_by_the_keys_that_the_issuer_publishes() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let pair = Pair::new(algorithm);
        let set = published(&[pair.jwk("k")]);
        let issuer = Router::new().route("/jwks.json", get(move || async move { set }));
        let url = listening(issuer).await;
        let keys = RemoteKeys::at(format!("{url}/jwks.json")).unwrap();
        let auth = Auth::with_clock([Issuer::doorward_at("doorward", keys)], || NOW);
        let routes = example::router(&auth);
        let token = pair.token(&pair.header("k"), &claims());
        assert_eq!(call(&routes, "/", None).await.0, 200);
        let (status, _, body) = call(&routes, "/whoami", Some(&token)).await;
        assert_eq!((status, &body["subject"]), (200, &json!("u1")), "{algorithm}");
        let (status, challenge, body) = call(&routes, "/admin", Some(&token)).await;
        assert_eq!((status, &body["code"]), (403, &json!("insufficient_scope")));
        // A role is no scope, and a sentence with spaces would read as several (RFC 6750 §3).
        assert_eq!(challenge, "Bearer error=\"insufficient_scope\"");
        assert!(body["detail"].as_str().unwrap().contains("the role admin"), "{body}");
        let mut of_admin = claims();
        of_admin["roles"] = json!(["admin"]);
        let of_admin = pair.token(&pair.header("k"), &of_admin);
        assert_eq!(call(&routes, "/admin", Some(&of_admin)).await.0, 200);
    }
}

#[tokio::test]
async fn a_missing_a_bad_and_an_expired_token_are_401_with_the_right_challenge() {
    let keys = || KeySet::of_secrets([support::SECRET]).unwrap();
    let kid = doorward_verify::key_id(support::SECRET);
    let at = |now: i64| {
        example::router(&Auth::with_clock([Issuer::doorward("doorward", keys())], move || now))
    };
    let token = Pair::Secret.token(&Pair::Secret.header(&kid), &claims());
    for path in ["/whoami", "/admin", "/reports"] {
        let (status, challenge, body) = call(&at(NOW), path, None).await;
        assert_eq!((status, challenge.as_str()), (401, "Bearer"));
        assert_eq!((&body["code"], &body["status"]), (&json!("not_authenticated"), &json!(401)));
        let (status, challenge, body) = call(&at(NOW), path, Some("x.y.z")).await;
        assert!(status == 401 && challenge.starts_with("Bearer error=\"invalid_token\""));
        assert_eq!(body["code"], "invalid_token");
        let (status, _, body) = call(&at(NOW + 10), path, Some(&token)).await;
        assert_eq!((status, &body["code"]), (401, &json!("token_expired")));
    }
    assert_eq!(call(&at(NOW), "/reports", Some(&token)).await.0, 200);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_503_and_a_route_without_the_layer_500() {
    let pair = Pair::new(Algorithm::EdDsa);
    let token = pair.token(&pair.header("k"), &claims());
    let keys = RemoteKeys::at("http://127.0.0.1:1/jwks.json").unwrap();
    let auth = Auth::with_clock([Issuer::doorward_at("doorward", keys)], || NOW);
    let (status, _, body) = call(&example::router(&auth), "/whoami", Some(&token)).await;
    assert_eq!((status, &body["code"]), (503, &json!("unavailable")));
    let again = example::router(&auth).oneshot(asking("/whoami", Some(&token))).await.unwrap();
    assert_eq!(again.headers()[header::RETRY_AFTER], "1");
    let bare = Router::new().route("/", get(|_: Principal| async { "never" }));
    assert_eq!(call(&bare, "/", Some(&token)).await.0, 500);
}

#[tokio::test]
async fn redirects_errors_and_documents_without_end_are_not_taken() {
    let router = Router::new()
        .route("/moved", get(|| async { Redirect::temporary("/good").into_response() }))
        .route("/good", get(|| async { "{}" }))
        .route("/long", get(|| async { "x".repeat(300_000) }));
    let url = listening(router).await;
    assert_eq!(HttpFetch::default().fetch(&format!("{url}/good")).await, Ok(b"{}".to_vec()));
    for path in ["/moved", "/long", "/gone"] {
        assert!(HttpFetch::default().fetch(&format!("{url}{path}")).await.is_err(), "{path}");
    }
    for url in ["", "file:///etc/passwd", "/jwks", "ftp://127.0.0.1/", "http://127.0.0.1:1/"] {
        assert!(HttpFetch::default().fetch(url).await.is_err(), "{url}");
    }
}

/// A server that reads the request, answers with `head`, and then `body` again and again until nobody
/// listens any more; with no `body` it falls silent and holds the connection.
async fn endless(head: &'static str, body: &'static [u8]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(head.as_bytes()).await;
        if body.is_empty() {
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        while stream.write_all(body).await.is_ok() {}
    });
    url
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_server_that_falls_silent_is_left_after_five_seconds() {
    let heads = ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"];
    let mut asked = tokio::task::JoinSet::new();
    for head in heads {
        let url = endless(head, b"").await;
        asked.spawn(async move {
            (head, tokio::time::timeout(PATIENCE, HttpFetch::default().fetch(&url)).await)
        });
    }
    for (head, fetched) in asked.join_all().await {
        assert_eq!(fetched, Ok(Err("no answer within 5s".into())), "after {head:?}");
    }
}

#[tokio::test]
async fn a_request_whose_keys_never_come_is_503() {
    let pair = Pair::new(Algorithm::EdDsa);
    let token = pair.token(&pair.header("k"), &claims());
    let keys = RemoteKeys::at(endless("", b"").await).unwrap();
    let auth = Auth::with_clock([Issuer::doorward_at("doorward", keys)], || NOW);
    let routes = example::router(&auth);
    let called = tokio::time::timeout(PATIENCE, call(&routes, "/whoami", Some(&token))).await;
    assert_eq!(
        called.map(|(status, _, body)| (status, body["code"].clone())),
        Ok((503, json!("unavailable")))
    );
}

#[tokio::test]
async fn a_body_or_a_head_without_end_is_left_where_it_is_too_long() {
    for (head, body) in [
        ("HTTP/1.1 200 OK\r\n\r\n", b"x".as_slice()),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9999999999999\r\n\r\n", b"x"),
        ("HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
    ] {
        let url = endless(head, &body.repeat(4096).leak()[..]).await;
        let fetched = tokio::time::timeout(PATIENCE, HttpFetch::default().fetch(&url)).await;
        let refused = fetched.expect("it ends").expect_err("it is too long");
        // It is the size that ended it, not the time.
        assert!(!refused.contains("no answer"), "{head:?}: {refused}");
    }
}

/// What a fetch brings from a server that answers these bytes, and the request it saw.
async fn fetched(fetch: HttpFetch, answer: Vec<u8>) -> (Result<Vec<u8>, String>, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://ada:secret@{}/jwks?x=1", listener.local_addr().unwrap());
    let server = async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 1024];
        let read = socket.read(&mut request).await.unwrap();
        // The client may hang up on what it refuses.
        let _ = socket.write_all(&answer).await;
        String::from_utf8_lossy(&request[..read]).into_owned()
    };
    tokio::join!(fetch.fetch(&url), server)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_document_is_fetched_whole_up_to_the_limit_and_not_a_byte_more() {
    let fetch = || HttpFetch::default().max_bytes(64 * 1024).agent("doorward/test");
    let (document, request) = fetched(fetch(), answer("200 OK", b"{}")).await;
    assert_eq!(document, Ok(b"{}".to_vec()));
    assert!(request.starts_with("GET /jwks?x=1 HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("host: 127.0.0.1:") && request.contains("user-agent: doorward/test\r\n")
    );
    assert!(!request.contains("secret"), "what stands before an @ is sent to nobody: {request}");
    let largest = vec![b' '; 64 * 1024];
    assert_eq!(fetched(fetch(), answer("200 OK", &largest)).await.0, Ok(largest.clone()));
    let larger = [largest.as_slice(), b" "].concat();
    assert!(fetched(fetch(), answer("200 OK", &larger)).await.0.is_err());
    for broken in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".to_vec(),
        b"not HTTP at all\r\n\r\n".to_vec(),
        Vec::new(),
        answer("302 Found\r\nlocation: http://127.0.0.1/", b"{}"),
        answer("500 Internal Server Error", b"{}"),
    ] {
        assert!(fetched(fetch(), broken).await.0.is_err());
    }
}

#[tokio::test]
async fn the_time_for_a_fetch_can_be_set() {
    let url = endless("", b"").await;
    let fetch = HttpFetch::default().within(Duration::from_millis(20));
    assert_eq!(fetch.fetch(&url).await.unwrap_err(), "no answer within 20ms");
}
