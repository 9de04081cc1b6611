//! The rehearsal: a proxy in front of the old backend that sends a copy of each request to Doorward, in this
//! process, and compares the responses. Clients get the old backend's responses as they arrive; Doorward's
//! results and delays never affect them.

mod compare;
mod copy;
mod exchange;
mod findings;
mod fit;
mod follow;
mod learn;
mod pass;
mod places;
mod suggestion;
mod swaps;
mod tee;
mod upstream;

pub use findings::{Difference, DifferenceKind, Findings, RouteFindings, Times};
pub use fit::{Fit, fit};
pub use suggestion::to_toml;
pub use upstream::{OldBackend, UpstreamError};

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use tokio::sync::mpsc;
use tower::Service;

use crate::app::App;
use exchange::Exchanged;
use follow::Follower;
use tee::Budget;
use upstream::Upstream;

/// Maximum number of queued exchanges.
const QUEUE: usize = 1024;
/// Maximum total size of kept bodies.
const BYTES: usize = 64 * 1024 * 1024;

/// The proxy; clones share its state.
#[derive(Clone)]
pub struct Shadow(Arc<Inner>);

struct Inner {
    upstream: Upstream,
    keeps_host: bool,
    budget: Budget,
    queue: Mutex<Option<mpsc::Sender<Exchanged>>>,
    findings: Arc<Mutex<Findings>>,
}

impl std::fmt::Debug for Shadow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Shadow")
    }
}

/// Called with a route and a new difference.
pub type Reporter = Box<dyn Fn(&str, &Difference) + Send + Sync>;

impl Shadow {
    /// A proxy to this backend, with this application, and the comparing task, which ends after
    /// [`Shadow::close`] once the queue is empty.
    pub fn new(
        old: &OldBackend<'_>,
        app: App,
        reporter: Reporter,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<>), UpstreamError> {
        let upstream = Upstream::at(old)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let findings = Findings::new(app.settings.compat.clone());
        let findings = Arc::new(Mutex::new(findings));
        let follower = Follower::new(app, Arc::clone(&findings), reporter);
        let inner = Inner {
            upstream,
            keeps_host: old.keeps_host,
            budget: Budget::of(BYTES),
            queue: Mutex::new(Some(queue)),
            findings,
        };
        Ok((Self(Arc::new(inner)), follower.run(waiting)))
    }

    /// Accepts no more exchanges.
    pub fn close(&self) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The results so far.
    pub fn found(&self) -> Findings {
        self.findings(|findings| findings.settled())
    }

    fn findings<T>(&self, work: impl FnOnce(&mut Findings) -> T) -> T {
        work(&mut self.0.findings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The pairs of a query or a form.
fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

impl Service<Request> for Shadow {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let shadow = self.clone();
        Box::pin(async move { Ok(shadow.pass(request).await) })
    }
}
