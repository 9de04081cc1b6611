//! The task of one HTTP/2 stream, with its own deadline: probes that keep a connection alive do not keep a
//! response that nobody reads. At the deadline the stream is reset and its memory freed; other streams
//! continue.

use std::time::Duration;

use hyper::rt::Executor;

/// Runs the streams of HTTP/2 connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams {
    /// From a request's header block to the last byte of its response.
    pub(super) exchange: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, stream: F) {
        // Dropping the future resets the stream (RFC 9113 §5.4.2).
        tokio::spawn(tokio::time::timeout(self.exchange, stream));
    }
}
