//! A listening server with small limits and plain routes, and a socket that sends exact bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use doorward::accept::limits::Limits;
use doorward::accept::server::{Drained, Responder, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// How long a test waits for what must come: a busy machine has time for it, and no deadline of
/// [`limits`] ends before.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A deadline that a test is about. It shortens that one alone, so that it knows which one fired.
pub(crate) const SHORT: Duration = Duration::from_millis(400);

/// No deadline that a test would live to see.
pub(crate) fn limits() -> Limits {
    let never = Duration::from_mins(2);
    let deadlines = Limits::default();
    Limits {
        connections: 64,
        head: never,
        body: never,
        idle: never,
        exchange: never,
        drain: never,
        ..deadlines
    }
}

/// A server on a free port.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    held: Arc<Held>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Drained>,
}

/// Requests to `/held`, which are answered when the test says so.
#[derive(Default)]
struct Held {
    arrived: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        let held = Arc::<Held>::default();
        let routes = routes(Arc::clone(&held));
        Self { held, ..Self::of(routes, limits).await }
    }

    pub(crate) async fn of(routes: impl Responder, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(serve(listener, routes, limits, async {
            let _ = stopped.await;
        }));
        Self { address, held: Arc::default(), stop, running }
    }

    /// Waits until this number of requests to `/held` has reached the handler.
    pub(crate) async fn holds(&self, requests: usize) {
        let mut arrived = self.held.arrived.subscribe();
        let all =
            tokio::time::timeout(PATIENCE, arrived.wait_for(|count| *count >= requests)).await;
        all.expect("the requests arrive").expect("the server lives");
    }

    pub(crate) async fn connect(&self) -> Socket {
        Socket(TcpStream::connect(self.address).await.expect("a connection"))
    }

    /// Sends the bytes on a new connection; everything that comes back until it is closed.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut socket = self.connect().await;
        socket.send(bytes).await;
        socket.rest().await
    }

    /// Begins the stop.
    pub(crate) fn stop(self) -> Stopping {
        let _ = self.stop.send(());
        Stopping { address: self.address, held: self.held, running: self.running }
    }
}

/// A server that drains.
pub(crate) struct Stopping {
    address: SocketAddr,
    held: Arc<Held>,
    running: JoinHandle<Drained>,
}

impl Stopping {
    /// Waits until newcomers are refused.
    pub(crate) async fn refuses_newcomers(&self) {
        let refused = async { while TcpStream::connect(self.address).await.is_ok() {} };
        tokio::time::timeout(PATIENCE, refused).await.expect("newcomers are refused");
    }

    /// Answers the requests to `/held`.
    pub(crate) fn release(&self) {
        self.held.released.send_replace(true);
    }

    /// How the drain ended.
    pub(crate) async fn drained(self) -> Drained {
        let ended = tokio::time::timeout(PATIENCE, self.running).await;
        ended.expect("the drain ends in time").expect("no panic")
    }
}

fn routes(held: Arc<Held>) -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/ignore", post(|| async { "ignored" }))
        .route(
            "/held",
            get(|| async move {
                let mut released = held.released.subscribe();
                held.arrived.send_modify(|count| *count += 1);
                let _ = released.wait_for(|released| *released).await;
                "late but whole"
            }),
        )
        .route("/stuck", get(std::future::pending::<()>))
        .route("/giant", get(|| async { vec![b'x'; 64 * 1024 * 1024] }))
        .layer(DefaultBodyLimit::max(64 * 1024))
}

/// A connection that sends exact bytes.
pub(crate) struct Socket(pub(crate) TcpStream);

impl Socket {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("bytes can be sent");
    }

    /// Sends the byte again and again, with pauses, until the server closes the connection.
    pub(crate) async fn drip(&mut self, byte: u8) {
        let dripping = async {
            while self.0.write_all(&[byte]).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        };
        tokio::time::timeout(PATIENCE, dripping).await.expect("the server closes in time");
    }

    /// Everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        let _ = read.expect("the server closes the connection in time");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until the connection is closed or reset.
    pub(crate) async fn rest_or_reset(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        let _ = read.expect("the server ends the connection in time");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer with a `content-length`.
    pub(crate) async fn answer(&mut self) -> String {
        let mut bytes = Vec::new();
        let whole = async {
            while !is_whole(&bytes) {
                let mut chunk = [0; 4096];
                let read = self.0.read(&mut chunk).await.expect("an answer");
                assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
                bytes.extend_from_slice(&chunk[..read]);
            }
        };
        tokio::time::timeout(PATIENCE, whole).await.expect("an answer in time");
        String::from_utf8(bytes).expect("UTF-8")
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().expect("a number"))
}

/// A GET with a `Host`.
pub(crate) fn get_request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").into_bytes()
}
