//! A stop: what was accepted finishes, what is new is refused, and the deadline is kept.

use doorward::accept::limits::Limits;
use doorward::accept::server::Drained;
use tokio::io::AsyncWriteExt;

use crate::http::server::{SHORT, Server, get_request, limits};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_accepted_requests_finish_and_refuses_new_ones() {
    let server = Server::start(limits()).await;
    let mut accepted = server.connect().await;
    accepted.send(&get_request("/held")).await;
    server.holds(1).await;
    let stopping = server.stop();
    stopping.refuses_newcomers().await;
    // The connections are told right after the listener is gone.
    tokio::time::sleep(SHORT).await;
    stopping.release();
    let answer = accepted.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("late but whole"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert_eq!(stopping.drained().await, Drained::Clean);
}

/// For a quarter of a second only, so a busy machine may need more than one attempt.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_sent_on_a_connection_accepted_before_the_stop_is_answered() {
    for _ in 0..20 {
        let server = Server::start(limits()).await;
        let mut socket = server.connect().await;
        // Connections are accepted in turn.
        let mut later = server.connect().await;
        later.send(&get_request("/hello")).await;
        assert!(later.answer().await.ends_with("hello"));
        let stopping = server.stop();
        stopping.refuses_newcomers().await;
        let sent = socket.0.write_all(&get_request("/hello")).await;
        let answer = socket.rest().await;
        assert_eq!(stopping.drained().await, Drained::Clean);
        if sent.is_ok() && answer.ends_with("hello") {
            return;
        }
    }
    panic!("never answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_delay_a_stop() {
    let server = Server::start(limits()).await;
    let silent = server.connect().await;
    let mut idle = server.connect().await;
    idle.send(&get_request("/hello")).await;
    assert!(idle.answer().await.ends_with("hello"));
    // Neither the drain's deadline nor theirs ends while this waits.
    assert_eq!(server.stop().drained().await, Drained::Clean);
    assert_eq!(idle.rest().await, "");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drain_deadline_cuts_what_is_left() {
    let server = Server::start(Limits { drain: SHORT, ..limits() }).await;
    let mut stuck = server.connect().await;
    stuck.send(&get_request("/held")).await;
    server.holds(1).await;
    assert_eq!(server.stop().drained().await, Drained::Cut(1));
    assert_eq!(stuck.rest().await, "");
}
