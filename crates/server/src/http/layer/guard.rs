//! Around every handler: a cap on requests at once, a deadline, and a net under panics. Past the
//! deadline the answer is 503, not 408, because browsers repeat requests answered with 408.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::around::Around;
use crate::error::Error;

/// The bounds of handlers.
#[derive(Debug)]
pub struct Guard {
    places: Semaphore,
    deadline: Duration,
}

impl Guard {
    /// At most `requests` at once, each at most `deadline` long.
    pub fn new(requests: usize, deadline: Duration) -> Self {
        Self { places: Semaphore::new(requests), deadline }
    }
}

impl Default for Guard {
    /// Slow senders hold a place while their body is read, so places are plenty; the database and
    /// the hashing queue have narrower limits of their own.
    fn default() -> Self {
        Self { places: Semaphore::new(20_000), deadline: Duration::from_secs(20) }
    }
}

impl Around for Guard {
    type Seen = Option<MatchedPath>;

    fn look(&self, request: &mut Request) -> Self::Seen {
        request.extensions().get::<MatchedPath>().cloned()
    }

    /// Runs after routing, and tells the outer layers which route was met.
    async fn drive(
        &self,
        route: Self::Seen,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let Ok(_place) = self.places.try_acquire() else {
            return Error::Unavailable("The server is overloaded; try again shortly.")
                .into_response();
        };
        let work = AssertUnwindSafe(work).catch_unwind();
        let mut response = match tokio::time::timeout(self.deadline, work).await {
            Ok(Ok(response)) => response,
            // The panic hook has already printed where; the payload may quote a request.
            Ok(Err(_)) => Error::Internal("a handler panicked".into()).into_response(),
            Err(_) => Error::Unavailable("This took too long; try again shortly.").into_response(),
        };
        if let Some(route) = route {
            response.extensions_mut().insert(route);
        }
        response
    }
}
