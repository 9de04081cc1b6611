//! A body that is kept while it passes, for comparing a copy. It passes frame by frame as it arrives; only
//! the copies are bounded, each and in total.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame};
use zeroize::Zeroizing;

use crate::http::as_long_as;

/// How many more bytes all copies may take.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<AtomicUsize>);

impl Budget {
    pub(super) fn of(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The kept part of a body. Wiped when dropped.
pub(super) struct Kept {
    bytes: Zeroizing<Vec<u8>>,
    cap: usize,
    ended: bool,
    over: bool,
    budget: Budget,
}

impl Kept {
    pub(super) fn new(cap: usize, budget: &Budget) -> Self {
        let bytes = Zeroizing::new(Vec::new());
        Self { bytes, cap, ended: false, over: false, budget: budget.clone() }
    }

    /// The body, if it passed and was kept completely.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        (self.ended && !self.over).then_some(&self.bytes[..])
    }

    fn add(&mut self, data: &[u8]) {
        if self.over {
            return;
        }
        if self.bytes.len() + data.len() > self.cap || !self.budget.take(data.len()) {
            self.over = true;
            self.budget.give_back(self.bytes.len());
            self.bytes = Zeroizing::new(Vec::new());
            return;
        }
        self.bytes.extend_from_slice(data);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes.len());
    }
}

/// A copy in progress.
pub(super) type Keeping = Arc<Mutex<Kept>>;

/// Called once, when a body has ended or its reader has gone.
pub(super) type AtEnd = Box<dyn FnOnce() + Send>;

/// The body that passes.
pub(super) struct Tee {
    body: Body,
    kept: Keeping,
    at_end: Option<AtEnd>,
}

impl Tee {
    pub(super) fn wrap(body: Body, kept: &Keeping, at_end: Option<AtEnd>) -> Body {
        let mut tee = Self { body, kept: Arc::clone(kept), at_end };
        if tee.body.is_end_stream() {
            tee.finish();
            return tee.body_left();
        }
        Body::new(tee)
    }

    fn body_left(mut self) -> Body {
        std::mem::replace(&mut self.body, Body::empty())
    }

    /// The whole body has passed.
    fn finish(&mut self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        if let Some(at_end) = self.at_end.take() {
            at_end();
        }
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        if let Some(at_end) = self.at_end.take() {
            at_end();
        }
    }
}

impl hyper::body::Body for Tee {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            None => self.finish(),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.kept.lock().unwrap_or_else(PoisonError::into_inner).add(data);
                }
                // The last frame of a body with a known length is followed by no further call.
                if self.body.is_end_stream() {
                    self.finish();
                }
            }
            Some(Err(_)) => {}
        }
        Poll::Ready(frame)
    }

    as_long_as!(body);
}
