//! A listening server with small limits and plain routes, and a socket that sends exact bytes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use doorward::http::limits::Limits;
use doorward::http::server::{Drained, Routes, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than any deadline of [`limits`] and shorter than a test's patience.
const PATIENCE: Duration = Duration::from_secs(8);

/// Deadlines of a fraction of a second, far enough apart to tell which one fired.
pub(crate) fn limits() -> Limits {
    Limits {
        connections: 64,
        head: Duration::from_millis(400),
        body: Duration::from_millis(400),
        idle: Duration::from_millis(1500),
        exchange: Duration::from_millis(900),
        drain: Duration::from_secs(3),
        ..Limits::default()
    }
}

/// A server on a free port.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Drained>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::of(routes(), limits).await
    }

    pub(crate) async fn of(routes: impl Routes, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(serve(listener, routes, limits, async {
            let _ = stopped.await;
        }));
        Self { address, stop, running }
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

    /// Begins the stop; the handle tells how the drain ended.
    pub(crate) fn stop(self) -> JoinHandle<Drained> {
        let _ = self.stop.send(());
        self.running
    }
}

fn routes() -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/ignore", post(|| async { "ignored" }))
        .route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(600)).await;
                "slow but whole"
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

    /// Sends one byte at a time with a pause after each, until all are gone or the server closes.
    pub(crate) async fn drip(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            if self.0.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        let _ = read.expect("the server closes the connection in time");
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
