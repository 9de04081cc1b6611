//! Bodies in both directions, as the accept loop wraps them: a request's has a deadline, and an
//! answer's keeps its exchange open until it has been handed over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::accept::pulse::{Exchange, Pulse};

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

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Inflow {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.pulse.leave_unread();
        }
    }
}

/// An answer's body, which ends its exchange when it has been handed over or dropped.
#[derive(Debug)]
pub(super) struct Outflow {
    body: Body,
    _exchange: Exchange,
}

impl Outflow {
    pub(super) fn new(body: Body, exchange: Exchange) -> Self {
        Self { body, _exchange: exchange }
    }
}

impl hyper::body::Body for Outflow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
