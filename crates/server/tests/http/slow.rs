//! Slow clients: whatever they are slow at, they are cut within its deadline, and nobody else waits.

use std::time::{Duration, Instant};

use crate::server::{Server, get_request, limits};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_is_cut() {
    let server = Server::start(limits()).await;
    let began = Instant::now();
    assert_eq!(server.connect().await.rest().await, "");
    assert!(began.elapsed() < Duration::from_millis(1200), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_headers_are_cut_although_bytes_keep_coming() {
    let server = Server::start(limits()).await;
    let began = Instant::now();
    let mut socket = server.connect().await;
    let head = format!("GET /hello HTTP/1.1\r\nHost: test\r\nX: {}", "x".repeat(100));
    socket.drip(head.as_bytes(), Duration::from_millis(30)).await;
    assert!(!socket.rest().await.contains("200"));
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_and_half_a_preface_are_cut() {
    let server = Server::start(limits()).await;
    for half in ["GET /hello HTTP/1.1\r\nHost: te", "PR", "PRI * HTTP/2.0\r\n"] {
        let began = Instant::now();
        let answer = server.exchange(half.as_bytes()).await;
        assert!(!answer.contains("200"), "{half}: {answer}");
        assert!(began.elapsed() < Duration::from_secs(2), "{half}: {:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_on_a_connection_may_not_be_slow_either() {
    let server = Server::start(limits()).await;
    let mut socket = server.connect().await;
    socket.send(&get_request("/hello")).await;
    assert!(socket.answer().await.ends_with("hello"));
    let began = Instant::now();
    socket.send(b"GET /hello HT").await;
    assert!(!socket.rest().await.contains("200"));
    assert!(began.elapsed() < Duration::from_millis(1400), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_refused_and_cut() {
    let server = Server::start(limits()).await;
    let began = Instant::now();
    let mut socket = server.connect().await;
    socket.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n").await;
    socket.drip(&[b'x'; 30], Duration::from_millis(30)).await;
    let answer = socket.rest().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_kept_longer_than_a_header_may_take_and_then_closed() {
    let server = Server::start(limits()).await;
    let mut socket = server.connect().await;
    socket.send(&get_request("/hello")).await;
    assert!(socket.answer().await.ends_with("hello"));
    tokio::time::sleep(Duration::from_millis(800)).await;
    socket.send(&get_request("/hello")).await;
    assert!(socket.answer().await.ends_with("hello"));
    let began = Instant::now();
    assert_eq!(socket.rest().await, "");
    let waited = began.elapsed();
    assert!((Duration::from_millis(1300)..Duration::from_secs(4)).contains(&waited), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_its_answer_is_cut() {
    let server = Server::start(limits()).await;
    let mut socket = server.connect().await;
    socket.send(&get_request("/giant")).await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert!(socket.rest().await.len() < 64 * 1024 * 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_cap_newcomers_wait_until_slow_clients_are_cut() {
    let server = Server::start(doorward::http::limits::Limits { connections: 3, ..limits() }).await;
    let mut slow = Vec::new();
    for _ in 0..3 {
        let mut socket = server.connect().await;
        socket.send(b"GET /hello HT").await;
        slow.push(socket);
    }
    let began = Instant::now();
    let mut honest = server.connect().await;
    honest.send(&get_request("/hello")).await;
    assert!(honest.answer().await.ends_with("hello"));
    let waited = began.elapsed();
    assert!((Duration::from_millis(150)..Duration::from_secs(4)).contains(&waited), "{waited:?}");
}
