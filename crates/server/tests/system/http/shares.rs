//! One client against the others, as an attacker would try it: connections that lie about, heads whose
//! bodies never come, answers that nobody reads. Others have an address of their own, 127.0.0.2.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use doorward::accept::limits::Limits;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::http::server::{PATIENCE, SHORT, Server, Socket, get_request, limits};
use crate::support::{Engine, TestApp};

/// A connection from another loopback address.
async fn from(ip: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from((ip, 0))).expect("a loopback address");
    socket.connect(to).await.expect("a connection")
}

async fn http2_over(stream: TcpStream, window: u32) -> SendRequest<Body> {
    let (client, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(window)
        .initial_connection_window_size(window)
        .handshake(TokioIo::new(stream))
        .await
        .expect("a handshake");
    tokio::spawn(connection);
    client
}

/// A GET by another client, on a connection of its own: its status.
async fn somebody_else(server: &Server, path: &str, token: Option<&str>) -> u16 {
    let mut client = http2_over(from([127, 0, 0, 2], server.address).await, 65_535).await;
    let mut request = Request::get(format!("http://test{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).expect("a request");
    let answer = tokio::time::timeout(PATIENCE, client.send_request(request)).await;
    answer.expect("an answer in time").expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_share_a_clients_idlest_connection_makes_room_for_its_next() {
    let server = Server::start(Limits { connections_per_client: 3, ..limits() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut socket = server.connect().await;
        socket.send(&get_request("/hello")).await;
        assert!(socket.answer().await.ends_with("hello"));
        held.push(socket);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut next = server.connect().await;
    next.send(&get_request("/hello")).await;
    assert!(next.answer().await.ends_with("hello"));
    assert_eq!(held[0].rest().await, "", "the idlest is closed");
    held[2].send(&get_request("/hello")).await;
    assert!(held[2].answer().await.ends_with("hello"), "the others go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_connections_are_all_in_use_keeps_only_itself_out() {
    let server = Server::start(Limits { connections_per_client: 2, ..limits() }).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut socket = server.connect().await;
        socket.send(&get_request("/held")).await;
        busy.push(socket);
    }
    // A connection whose request has not arrived is idle, and would make room for the third.
    server.holds(2).await;
    let mut third = server.connect().await;
    // It may be closed before these bytes arrive.
    let _ = third.0.write_all(&get_request("/hello")).await;
    assert_eq!(third.rest_or_reset().await, "", "the third is closed");
    let mut other = Socket(from([127, 0, 0, 2], server.address).await);
    other.send(&get_request("/hello")).await;
    assert!(other.answer().await.ends_with("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_has_as_many_connections_as_there_are() {
    let proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let server =
        Server::start(Limits { connections_per_client: 1, trusted_proxies: proxies, ..limits() })
            .await;
    let mut held = Vec::new();
    for _ in 0..10 {
        let mut socket = server.connect().await;
        socket.send(&get_request("/stuck")).await;
        held.push(socket);
    }
    let mut next = server.connect().await;
    next.send(&get_request("/hello")).await;
    assert!(next.answer().await.ends_with("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_without_bodies_keep_nobody_else_waiting() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let limits = Limits { connections: 1000, ..limits() };
    let server = Server::of(app.router.clone(), limits).await;
    let mut attack = Vec::new();
    for _ in 0..160 {
        let mut client = http2_over(server.connect().await.0, 65_535).await;
        for _ in 0..128 {
            let body = Body::from_stream(futures_util::stream::pending::<
                Result<Vec<u8>, std::io::Error>,
            >());
            let request = Request::post("http://test/auth/revoke")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body)
                .expect("a request");
            let _ = client.ready().await;
            attack.push(tokio::spawn(client.send_request(request)));
        }
    }
    assert_eq!(somebody_else(&server, "/livez", None).await, 200);
    // These ask the database, which a busy machine may not answer within their second.
    for path in ["/health", "/readyz"] {
        let ready = async { while somebody_else(&server, path, None).await != 200 {} };
        tokio::time::timeout(PATIENCE, ready).await.unwrap_or_else(|_| panic!("{path} is 200"));
    }
    assert_eq!(somebody_else(&server, "/auth/me", ada.token.as_deref()).await, 200);
    attack.iter().for_each(tokio::task::JoinHandle::abort);
}

/// What an answer holds is counted for its client until it is read, on HTTP/2 streams too.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_a_client_does_not_read_fill_its_own_share_only() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ada = app.sign_up("ada").await;
    for _ in 0..40 {
        let body = json!({"title": "long", "description": "x".repeat(10_000)});
        ada.post("/api/tasks", body).await.expect(201);
    }
    let server = Server::of(app.router.clone(), limits()).await;
    let mut unread = Vec::new();
    let (mut answered, mut refused) = (0, 0);
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = http2_over(server.connect().await.0, 1).await;
        for _ in 0..60 {
            let request = Request::get("http://test/api/tasks?limit=1000")
                .header(
                    "authorization",
                    format!("Bearer {}", ada.token.as_deref().expect("a token")),
                )
                .body(Body::empty())
                .expect("a request");
            client.ready().await.expect("ready");
            let response = client.send_request(request).await.expect("an answer");
            match response.status().as_u16() {
                200 => answered += 1,
                503 => refused += 1,
                other => panic!("{other}"),
            }
            unread.push(response);
        }
        clients.push(client);
    }
    // 400 KB each: 16 MiB hold 40 of them.
    assert!((1..=42).contains(&answered), "{answered} answered, {refused} refused");
    let theirs = somebody_else(&server, "/api/tasks", ada.token.as_deref()).await;
    assert_eq!(theirs, 200, "others have shares of their own");
    drop((unread, clients));
    let again = async {
        let mut client = http2_over(server.connect().await.0, 65_535).await;
        let request = || Request::get("http://test/livez").body(Body::empty()).expect("a request");
        while client.send_request(request()).await.expect("an answer").status() != 200 {}
    };
    tokio::time::timeout(PATIENCE, again).await.expect("what is given up is forgotten");
}

/// A probe every moment keeps the connection alive, and no answer on it.
#[tokio::test(flavor = "multi_thread")]
async fn an_unread_answer_on_http2_is_reset_in_time_and_its_connection_goes_on() {
    let server = Server::start(Limits { exchange: SHORT, ..limits() }).await;
    let mut client = http2_over(server.connect().await.0, 65_535).await;
    let get = |path: &str| {
        Request::get(format!("http://test{path}")).body(Body::empty()).expect("a request")
    };
    let giant = client.send_request(get("/giant")).await.expect("a head");
    let began = tokio::time::Instant::now();
    while began.elapsed() < SHORT * 3 {
        client.ready().await.expect("ready");
        let small = client.send_request(get("/ignore")).await.expect("an answer");
        drop(small);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rest = tokio::time::timeout(PATIENCE, to_bytes(Body::new(giant.into_body()), usize::MAX));
    assert!(rest.await.expect("in time").is_err(), "the answer was cut");
    client.ready().await.expect("ready");
    let small = client.send_request(get("/ignore")).await.expect("an answer");
    assert_eq!(small.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_rested_for_long_says_that_it_closes_with_its_next_answer() {
    let server = Server::start(Limits { idle: SHORT * 10, ..limits() }).await;
    let mut socket = server.connect().await;
    for _ in 0..2 {
        socket.send(&get_request("/hello")).await;
        assert!(!socket.answer().await.contains("connection: close"));
    }
    tokio::time::sleep(SHORT * 6).await;
    socket.send(&get_request("/hello")).await;
    let answer = socket.rest().await;
    assert!(answer.contains("connection: close") && answer.ends_with("hello"), "{answer}");
}

/// For a quarter of a second only, so a busy machine may need more than one attempt.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_requests_that_cross_it_on_connections_kept_alive() {
    for _ in 0..20 {
        let server = Server::start(limits()).await;
        let mut socket = server.connect().await;
        socket.send(&get_request("/hello")).await;
        assert!(socket.answer().await.ends_with("hello"));
        let stopping = server.stop();
        stopping.refuses_newcomers().await;
        let sent = tokio::io::AsyncWriteExt::write_all(&mut socket.0, &get_request("/hello")).await;
        let answer = socket.rest_or_reset().await;
        // Without the word it was answered just before the connection heard of the stop.
        let announced = answer.contains("connection: close");
        if sent.is_ok() && announced && answer.ends_with("hello") {
            return;
        }
    }
    panic!("never answered with a farewell");
}
