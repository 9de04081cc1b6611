//! Slow clients: whatever they are slow at, they are cut within its deadline, and nobody else waits.

use std::time::{Duration, Instant};

use doorward::accept::limits::Limits;

use crate::http::server::{SHORT, Server, get_request, limits};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_is_cut() {
    let server = Server::start(Limits { head: SHORT, ..limits() }).await;
    assert_eq!(server.connect().await.rest().await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_headers_are_cut_although_bytes_keep_coming() {
    let server = Server::start(Limits { head: SHORT, ..limits() }).await;
    let mut socket = server.connect().await;
    socket.send(b"GET /hello HTTP/1.1\r\nHost: test\r\nX: ").await;
    socket.drip(b'x').await;
    assert!(!socket.rest().await.contains("200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_and_half_a_preface_are_cut() {
    let server = Server::start(Limits { head: SHORT, ..limits() }).await;
    for half in ["GET /hello HTTP/1.1\r\nHost: te", "PR", "PRI * HTTP/2.0\r\n"] {
        let answer = server.exchange(half.as_bytes()).await;
        assert!(!answer.contains("200"), "{half}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_on_a_connection_may_not_be_slow_either() {
    let server = Server::start(Limits { head: LONGER, ..limits() }).await;
    let mut socket = server.connect().await;
    socket.send(&get_request("/hello")).await;
    assert!(socket.answer().await.ends_with("hello"));
    socket.send(b"GET /hello HT").await;
    assert!(!socket.rest().await.contains("200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_refused_and_cut() {
    let server = Server::start(Limits { body: SHORT, ..limits() }).await;
    let mut socket = server.connect().await;
    socket.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nhalf").await;
    let answer = socket.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_cut_although_bytes_keep_coming() {
    let server = Server::start(Limits { body: SHORT, ..limits() }).await;
    let mut socket = server.connect().await;
    socket.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 50000\r\n\r\n").await;
    socket.drip(b'x').await;
}

/// Honest clients have a deadline here too, and a busy machine makes them slow.
const LONGER: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_kept_longer_than_a_header_may_take_and_then_closed() {
    let idle = LONGER * 3;
    let server = Server::start(Limits { head: LONGER, idle, ..limits() }).await;
    let mut socket = server.connect().await;
    socket.send(&get_request("/hello")).await;
    assert!(socket.answer().await.ends_with("hello"));
    tokio::time::sleep(LONGER + SHORT).await;
    let began = Instant::now();
    socket.send(&get_request("/hello")).await;
    assert!(socket.answer().await.ends_with("hello"));
    assert_eq!(socket.rest().await, "");
    assert!(began.elapsed() >= idle, "{:?}", began.elapsed());
}

/// It has one place at the table until then.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_its_answer_is_cut() {
    let server = Server::start(Limits { exchange: SHORT, connections: 1, ..limits() }).await;
    let mut deaf = server.connect().await;
    deaf.send(&get_request("/giant")).await;
    let mut next = server.connect().await;
    next.send(&get_request("/hello")).await;
    assert!(next.answer().await.ends_with("hello"));
    assert!(deaf.rest().await.len() < 64 * 1024 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_cap_newcomers_wait_until_slow_clients_are_cut() {
    let server = Server::start(Limits { connections: 3, head: LONGER, ..limits() }).await;
    let began = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut socket = server.connect().await;
        socket.send(b"GET /hello HT").await;
        slow.push(socket);
    }
    let mut honest = server.connect().await;
    honest.send(&get_request("/hello")).await;
    assert!(honest.answer().await.ends_with("hello"));
    assert!(began.elapsed() >= LONGER, "{:?}", began.elapsed());
}
