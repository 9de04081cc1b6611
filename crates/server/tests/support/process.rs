//! A running `doorward serve`: a process of its own, and two kinds of clients for it. One knows when
//! an answer arrived whole; the other is the actor of the API tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response};
use doorward::http::client_ip::PeerAddr;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::app::SECRET;
use super::client::{Callee, Client};
use super::postgres::free_port;

/// Settings by their names in the environment.
pub type Settings = [(&'static str, String)];

/// The binary over this database, with these settings and no others.
pub fn doorward(url: &str, dir: &Path, settings: &Settings) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .env_clear()
        .env("DATABASE_URL", url)
        .env("BETTER_AUTH_SECRET", SECRET)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .current_dir(dir)
        .stdin(Stdio::null());
    command
}

/// The process; killed when dropped.
pub struct Server {
    child: Child,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// From the start of the process to its first answer that it is ready.
    pub started_in: Duration,
    log: PathBuf,
}

impl Server {
    /// Starts it with the defaults and waits until it is ready.
    pub async fn start(url: &str, dir: &Path) -> Self {
        Self::with(url, dir, &[]).await
    }

    /// The same with other settings.
    pub async fn with(url: &str, dir: &Path, settings: &Settings) -> Self {
        let port = free_port();
        let log = dir.join(format!("log-{port}"));
        let began = Instant::now();
        let child = doorward(url, dir, settings)
            .args(["serve", "--port", &port.to_string(), "--migrate"])
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .expect("the binary starts");
        let mut server = Self { child, port, started_in: Duration::ZERO, log };
        let deadline = began + Duration::from_mins(1);
        while server
            .call("GET", "/readyz", None, None)
            .await
            .is_none_or(|(status, _)| status != 200)
        {
            let ended = server.child.try_wait().expect("a child");
            assert!(ended.is_none(), "the server ended: {ended:?}\n{}", server.log());
            assert!(Instant::now() < deadline, "the server was not ready in a minute");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.started_in = began.elapsed();
        server
    }

    /// SIGKILL: nothing of the process runs after this.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; it has half a minute to do so.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "the server did not end: {}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("a log")).into_owned()
    }

    /// See [`call`].
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Option<(u16, Value)> {
        call(self.port, method, path, token, body).await
    }

    /// A client that nobody has signed in.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(Callee::Process(self.port))
    }
}

/// Sends a request to the process and waits for its answer. The client's address is what a proxy on
/// this machine says it is.
pub async fn exchange(port: u16, mut request: Request<Body>) -> Response<Body> {
    request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
    let peer = request.extensions().get::<PeerAddr>().map(|peer| peer.0.ip().to_string());
    if let Some(peer) = peer {
        let peer = peer.parse().expect("a header value");
        request.headers_mut().insert("x-forwarded-for", peer);
    }
    let socket = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let (mut sender, connection) = handshake(TokioIo::new(socket)).await.expect("a handshake");
    tokio::spawn(connection);
    sender.send_request(request).await.expect("an answer").map(Body::new)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own; `None` unless the answer arrived to its last byte.
pub async fn call(
    port: u16,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Option<(u16, Value)> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let sender =
        token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let content = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"),
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{sender}{content}"
    );
    socket.write_all(format!("{head}\r\n{body}").as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.ok()?;
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.to_ascii_lowercase().split_once("content-length: ").map(|(_, rest)| {
        rest.lines().next().and_then(|line| line.parse::<usize>().ok()).unwrap_or(usize::MAX)
    });
    if length.is_some_and(|length| length != body.len()) {
        return None;
    }
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
