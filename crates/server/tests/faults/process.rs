//! A running `doorward serve`, and a client for it that knows when an answer arrived whole.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::SECRET;
use crate::support::postgres::free_port;

/// The process; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// From the start of the process to its first answer that it is ready.
    pub(crate) started_in: Duration,
}

impl Server {
    /// Starts the binary over this database and waits until it is ready.
    pub(crate) async fn start(url: &str, dir: &Path) -> Self {
        let port = free_port();
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_doorward"))
            .args(["serve", "--port", &port.to_string(), "--migrate"])
            .env_clear()
            .env("DATABASE_URL", url)
            .env("BETTER_AUTH_SECRET", SECRET)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut server = Self { child, port, started_in: Duration::ZERO };
        let deadline = began + Duration::from_mins(1);
        while server
            .call("GET", "/readyz", None, None)
            .await
            .is_none_or(|(status, _)| status != 200)
        {
            let ended = server.child.try_wait().expect("a child");
            assert!(ended.is_none(), "the server ended: {ended:?}");
            assert!(Instant::now() < deadline, "the server was not ready in a minute");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        server.started_in = began.elapsed();
        server
    }

    /// SIGKILL: nothing of the process runs after this.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// See [`call`].
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Option<(u16, Value)> {
        call(self.port, method, path, token, body).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own; `None` unless the answer arrived to its last byte.
pub(crate) async fn call(
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
