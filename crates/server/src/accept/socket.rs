//! A client's socket. It tells the pulse when bytes arrive and when the client does not read; it adds the
//! usual problem document to hyper's own bare refusals (400, 414, 431 for invalid requests); and it closes
//! with patience: closing while the client is still sending would reset the connection and destroy the
//! response before it is read (RFC 9112 §9.6).

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::accept::pulse::Pulse;
use crate::clock::Clock;
use crate::crypto::Random;
use crate::http::problem;
use crate::http::request_id::RequestId;

/// How long, and for how many bytes, a client that is still sending is read after the response.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    /// The unsent rest of the replacement for hyper's bare refusal.
    refusal: Bytes,
    lingering: Option<Lingering>,
}

#[derive(Debug)]
struct Lingering {
    alarm: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse, refusal: Bytes::new(), lingering: None }
    }

    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while !self.refusal.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.refusal))?;
            if written == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            let _ = self.refusal.split_to(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and discards until the client closes, or the limit is reached.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let lingering = self.lingering.get_or_insert_with(|| Lingering {
            alarm: Box::pin(tokio::time::sleep(LINGER)),
            bytes_left: LINGER_BYTES,
        });
        let mut bytes = [0; 8 * 1024];
        while lingering.bytes_left > 0 {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    let read = buffer.filled().len();
                    lingering.bytes_left = lingering.bytes_left.saturating_sub(read);
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return lingering.alarm.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

/// The full refusal instead of hyper's bare one, which has no body and, unlike all other responses, no
/// request id.
fn refusal(bare: &[u8]) -> Option<Bytes> {
    if !bare.starts_with(b"HTTP/1.") || bare.get(9) != Some(&b'4') {
        return None;
    }
    let head = std::str::from_utf8(bare).ok()?.strip_suffix("\r\n")?;
    if !head.contains("\r\ncontent-length: 0\r\n") || head.contains("\r\nx-request-id: ") {
        return None;
    }
    let status = StatusCode::from_bytes(head.get(9..12)?.as_bytes()).ok()?;
    let head = head.replace("content-length: 0\r\n", "");
    let id = RequestId::new(Random::system().id(Clock::system().now()));
    let body = problem::of_bare_status(status, &id);
    Some(Bytes::from(format!(
        "{head}content-type: application/problem+json\r\ncontent-length: {}\r\n\
         x-request-id: {}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n\
         vary: Origin\r\n\r\n{body}",
        body.len(),
        id.as_str(),
    )))
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pulse.bytes_arrived();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        ready!(self.poll_refusal(cx))?;
        if let Some((bare, rest)) = slices.split_first()
            && rest.iter().all(|slice| slice.is_empty())
            && let Some(refusal) = refusal(bare)
        {
            self.refusal = refusal;
            let _ = self.poll_refusal(cx)?;
            return Poll::Ready(Ok(bare.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if written.is_pending() {
            self.pulse.held_up();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        ready!(self.poll_refusal(cx))?;
        self.pulse.all_sent();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.lingering.is_none() {
            ready!(self.poll_refusal(cx))?;
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        if self.pulse.hears_more() {
            ready!(self.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_refusal_is_replaced() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let full = refusal(bare).unwrap();
        let text = std::str::from_utf8(&full).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 ") && head.contains("connection: close"));
        assert!(head.contains(&format!("content-length: {}", body.len())));
        assert!(!head.contains("content-length: 0"));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["status"], 431);
        let named = b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n";
        assert!(refusal(named).is_none());
        assert!(refusal(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_none());
        assert!(refusal(b"\0\0\x12\x04\0\0\0\0\0").is_none());
    }
}
