//! A layer around routes. It first inspects the request, then drives the inner work; separated like this, it
//! needs no copy of the inner service, neither once nor per request.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt;
use tower::{Layer, Service};

/// The behaviour of a layer.
pub trait Around: Send + Sync + 'static {
    /// What it has determined from the request.
    type Seen: Send;

    /// Inspects the request before it continues.
    fn look(&self, request: &mut Request) -> Self::Seen;

    /// Drives `work`, which has not started, or responds without it.
    fn drive(
        &self,
        seen: Self::Seen,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> impl Future<Output = Response> + Send;
}

/// The layer of an [`Around`].
#[derive(Debug)]
pub struct Surround<A>(pub Arc<A>);

impl<A> Surround<A> {
    /// The layer for `around`.
    pub fn with(around: A) -> Self {
        Self(Arc::new(around))
    }
}

impl<A> Clone for Surround<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A, S> Layer<S> for Surround<A> {
    type Service = Surrounded<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Surrounded { around: Arc::clone(&self.0), inner }
    }
}

/// A service with an [`Around`] around it.
#[derive(Debug)]
pub struct Surrounded<A, S> {
    around: Arc<A>,
    inner: S,
}

impl<A, S: Clone> Clone for Surrounded<A, S> {
    fn clone(&self) -> Self {
        Self { around: Arc::clone(&self.around), inner: self.inner.clone() }
    }
}

impl<A, S> Service<Request> for Surrounded<A, S>
where
    A: Around,
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let around = Arc::clone(&self.around);
        let seen = around.look(&mut request);
        let work = self.inner.call(request).map(|answer| match answer {
            Ok(response) => response,
            Err(never) => match never {},
        });
        Box::pin(async move {
            // Borrowed, since each future that owned the work would grow by its size.
            let work = pin!(work);
            Ok(around.drive(seen, work).await)
        })
    }
}
