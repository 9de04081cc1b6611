//! The client of every load.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::PASSWORD;

/// One keep-alive connection that knows just enough HTTP/1.1.
pub(crate) struct Http {
    port: u16,
    stream: TcpStream,
}

impl Http {
    pub(crate) async fn connect(port: u16) -> Self {
        Self { port, stream: TcpStream::connect(("127.0.0.1", port)).await.unwrap() }
    }

    /// The same where nobody may listen.
    pub(crate) async fn open(port: u16) -> Option<Self> {
        Some(Self { port, stream: TcpStream::connect(("127.0.0.1", port)).await.ok()? })
    }

    /// The status and body, or 0 when the connection broke.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> (u16, String) {
        if let Some(answer) = self.try_send(method, path, token, body).await {
            return answer;
        }
        self.stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        (0, String::new())
    }

    /// The status and body; `None` when the connection broke.
    pub(crate) async fn try_send(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> Option<(u16, String)> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await.ok()?;
        let mut buffer = Vec::new();
        loop {
            let mut chunk = [0; 8192];
            let read = self.stream.read(&mut chunk).await.ok()?;
            if read == 0 {
                return None;
            }
            buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let status = head.split(' ').nth(1)?.parse().ok()?;
                return Some((status, String::from_utf8_lossy(&buffer[end + 4..]).into_owned()));
            }
        }
    }

    pub(crate) async fn sign_in(&mut self, user: usize) -> (u16, String) {
        let body = format!(r#"{{"email":"user{user}@example.com","password":"{PASSWORD}"}}"#);
        let (status, body) = self.send("POST", "/auth/login", "", &body).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        (status, body["access_token"].as_str().unwrap_or_default().to_owned())
    }
}
