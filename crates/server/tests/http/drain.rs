//! A stop: what was accepted finishes, what is new is refused, and the deadline is kept.

use std::time::{Duration, Instant};

use doorward::http::limits::Limits;
use doorward::http::server::Drained;
use tokio::net::TcpStream;

use crate::server::{Server, get_request, limits};

/// Longer than the route `/slow` takes, so that no other deadline interferes.
fn patient() -> Limits {
    Limits { exchange: Duration::from_secs(20), idle: Duration::from_secs(20), ..limits() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_accepted_requests_finish_and_refuses_new_ones() {
    let server = Server::start(patient()).await;
    let address = server.address;
    let mut accepted = server.connect().await;
    accepted.send(&get_request("/slow")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let drained = server.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(address).await.is_err(), "a newcomer was let in");
    let answer = accepted.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("whole"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(drained.await.expect("no panic"), Drained::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_on_a_connection_accepted_before_the_stop_is_answered() {
    let server = Server::start(patient()).await;
    let mut socket = server.connect().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let drained = server.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    socket.send(&get_request("/hello")).await;
    assert!(socket.rest().await.ends_with("hello"));
    assert_eq!(drained.await.expect("no panic"), Drained::Clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_delay_a_stop() {
    let server = Server::start(patient()).await;
    let mut idle = server.connect().await;
    idle.send(&get_request("/hello")).await;
    assert!(idle.answer().await.ends_with("hello"));
    let silent = server.connect().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    assert_eq!(server.stop().await.expect("no panic"), Drained::Clean);
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    assert_eq!(idle.rest().await, "");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drain_deadline_cuts_what_is_left() {
    let server = Server::start(Limits { drain: Duration::from_millis(500), ..patient() }).await;
    let mut stuck = server.connect().await;
    stuck.send(&get_request("/stuck")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    assert_eq!(server.stop().await.expect("no panic"), Drained::Cut(1));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(stuck.rest().await, "");
}
