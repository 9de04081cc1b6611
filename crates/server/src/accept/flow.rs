//! Bodies in both directions, as wrapped by the accept loop: a request's body has a deadline, and a
//! response's keeps its exchange open until it has been handed over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::accept::pulse::{Exchange, Pulse};
use crate::http::as_long_as;

/// A request's body with its deadline.
#[derive(Debug)]
pub(super) struct Inflow {
    body: Incoming,
    ended: bool,
    deadline: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
    pulse: Arc<Pulse>,
}

impl Inflow {
    pub(super) fn wrap(body: Incoming, deadline: Instant, pulse: &Arc<Pulse>) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        let pulse = Arc::clone(pulse);
        Body::new(Self { body, ended: false, deadline, alarm: None, pulse })
    }
}

impl hyper::body::Body for Inflow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.ended = frame.is_none();
            return Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)));
        }
        let deadline = self.deadline;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(alarm.as_mut().poll(cx));
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(axum::Error::new(late))))
    }

    as_long_as!(body);
}

impl Drop for Inflow {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.pulse.leave_unread();
        }
    }
}

/// The most of a response that is handed over at a time. What the client does not read stays here, where its
/// size is known and its deadline frees it, not in the connection's buffers.
const CHUNK: usize = 32 * 1024;

/// How long a streamed response may take, as long as the client keeps reading.
const LONGEST_STREAM: Duration = Duration::from_mins(10);

/// A response's body, handed over in chunks. It ends its exchange when it has been handed over or dropped.
#[derive(Debug)]
pub(super) struct Outflow {
    body: Body,
    /// The rest of the last frame.
    rest: Bytes,
    /// Whether its size was unknown: it is streamed, and may take longer.
    is_stream: bool,
    began: Instant,
    exchange: Exchange,
}

impl Outflow {
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        let is_stream = !body.is_end_stream() && body.size_hint().exact().is_none();
        Self { body, rest: Bytes::new(), is_stream, began: Instant::now(), exchange }
    }
}

impl hyper::body::Body for Outflow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => {
                    self.rest = data;
                    // More was requested, so the client has read what came before.
                    if self.is_stream && self.began.elapsed() < LONGEST_STREAM {
                        self.exchange.goes_on();
                    }
                }
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let chunk = self.rest.len().min(CHUNK);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(chunk)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, left) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest + left.lower());
        if let Some(upper) = left.upper() {
            hint.set_upper(rest + upper);
        }
        hint
    }
}
