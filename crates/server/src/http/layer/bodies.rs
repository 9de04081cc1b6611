//! The bodies of an exchange, wrapped by the guard: while a request's body has not arrived, its place is
//! available to others; a response's body counts against its client's share until it has been read.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::clients::Visit;

/// For a body around another: it ends with the inner one.
macro_rules! as_long_as {
    ($inner:ident) => {
        fn is_end_stream(&self) -> bool {
            self.$inner.is_end_stream()
        }

        fn size_hint(&self) -> ::hyper::body::SizeHint {
            self.$inner.size_hint()
        }
    };
}
pub(crate) use as_long_as;

/// The places for requests being handled, and for those waiting for the rest of their bodies.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) handled: Arc<Semaphore>,
    pub(super) waiting: Arc<Semaphore>,
}

/// The place of a request whose body is still arriving.
#[derive(Debug)]
pub(super) struct Seat {
    places: Arc<Places>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    waits: AtomicBool,
    crowded: AtomicBool,
}

impl Seat {
    pub(super) fn of(permit: OwnedSemaphorePermit, places: &Arc<Places>) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::clone(places),
            permit: Mutex::new(Some(permit)),
            waits: AtomicBool::new(false),
            crowded: AtomicBool::new(false),
        })
    }

    /// True if there was no place left to continue in.
    pub(super) fn was_crowded(&self) -> bool {
        self.crowded.load(Relaxed)
    }

    /// Switches to the other kind of place; false if there is none.
    fn go(&self, wait: bool) -> bool {
        if self.waits.swap(wait, Relaxed) == wait {
            return !self.was_crowded();
        }
        let next = if wait { &self.places.waiting } else { &self.places.handled };
        let next = Arc::clone(next).try_acquire_owned().ok();
        let found = next.is_some();
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = next;
        if !found {
            self.crowded.store(true, Relaxed);
        }
        found
    }
}

/// A request's body.
#[derive(Debug)]
pub(super) struct Coming {
    pub(super) body: Body,
    pub(super) place: Arc<Seat>,
}

impl HttpBody for Coming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if self.place.go(frame.is_pending()) {
            return frame;
        }
        let crowded = std::io::Error::other("too many requests are in progress");
        Poll::Ready(Some(Err(axum::Error::new(crowded))))
    }

    as_long_as!(body);
}

/// A response's body.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) body: Body,
    pub(super) _visit: Visit,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    as_long_as!(body);
}
