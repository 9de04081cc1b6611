//! Around every handler: places for requests, a share of them per client, a deadline, and a catch for panics.
//! After the deadline the response is 503, not 408, because browsers retry after 408.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::around::Around;
use super::bodies::{Coming, Held, Places, Seat};
use super::clients::{Clients, ORDINARY, Visit};
use crate::error::Error;
use crate::http::{ClientIp, Registered};
use crate::metrics::{Metrics, RouteMeter};
use crate::patience;

const CROWDED: &str = "The server is overloaded; try again shortly.";
const GREEDY: &str = "Too many requests of this client are in progress, or their responses have not been read: \
    read those, then retry.";

/// Maximum number of concurrent probes.
const PROBES: usize = 256;

/// The matched route, added to the response for the layers outside the router.
#[derive(Clone, Debug)]
pub(in crate::http) struct Met(pub(in crate::http) Arc<Registered>);

/// The counters of that route, also if the request was rejected before it.
#[derive(Clone, Debug)]
pub(in crate::http) struct Measured(pub(in crate::http) Arc<RouteMeter>);

/// The limits of handlers; clones share them.
#[derive(Clone, Debug)]
pub struct Guard {
    places: Arc<Places>,
    probes: Arc<Semaphore>,
    clients: Arc<Clients>,
    deadline: Duration,
    route: Option<Arc<Registered>>,
    metrics: Metrics,
    meter: Option<Arc<RouteMeter>>,
}

impl Guard {
    /// At most `requests` at a time, each for at most `deadline`; as many more may wait for their bodies.
    pub fn new(requests: usize, deadline: Duration) -> Self {
        let places = Places {
            handled: Arc::new(Semaphore::new(requests)),
            waiting: Arc::new(Semaphore::new(requests)),
        };
        Self {
            places: Arc::new(places),
            probes: Arc::new(Semaphore::new(PROBES)),
            clients: Arc::default(),
            deadline,
            route: None,
            metrics: Metrics::default(),
            meter: None,
        }
    }

    /// The same with metrics for its routes.
    #[must_use]
    pub fn counted(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// The same around this route, or around none.
    #[must_use]
    pub fn around(&self, route: Option<Arc<Registered>>) -> Self {
        let meter = self.metrics.route(route.as_ref().map(|route| route.path.as_str()));
        Self { route, meter, ..self.clone() }
    }

    fn measured(&self, mut response: Response) -> Response {
        if let Some(meter) = &self.meter {
            response.extensions_mut().insert(Measured(Arc::clone(meter)));
        }
        response
    }
}

impl Default for Guard {
    /// Places are plenty; the database and the hashing queue have tighter limits.
    fn default() -> Self {
        Self::new(20_000, Duration::from_secs(20))
    }
}

/// The guard's decision before the work starts.
#[derive(Debug)]
pub struct Admission {
    /// Set if the request was rejected.
    refusal: Option<&'static str>,
    visit: Option<Visit>,
    place: Option<Kept>,
    is_safe: bool,
}

/// Held while the handler runs.
#[derive(Debug)]
enum Kept {
    Whole { _permit: OwnedSemaphorePermit },
    Shared(Arc<Seat>),
}

impl Around for Guard {
    type Seen = Admission;

    fn look(&self, request: &mut Request) -> Admission {
        let is_safe = request.method().is_safe();
        let mut admission = Admission { refusal: None, visit: None, place: None, is_safe };
        if self.route.as_ref().is_some_and(|route| route.declared.probe) {
            match Arc::clone(&self.probes).try_acquire_owned() {
                Ok(permit) => admission.place = Some(Kept::Whole { _permit: permit }),
                Err(_) => admission.refusal = Some(CROWDED),
            }
            return admission;
        }
        admission.visit = self.clients.enter(ClientIp::of(request.extensions()).0);
        if admission.visit.is_none() {
            admission.refusal = Some(GREEDY);
            return admission;
        }
        let Ok(permit) = Arc::clone(&self.places.handled).try_acquire_owned() else {
            admission.refusal = Some(CROWDED);
            return admission;
        };
        let reads_body = self.route.as_ref().is_none_or(|route| route.reads_body);
        if !reads_body || request.body().is_end_stream() {
            admission.place = Some(Kept::Whole { _permit: permit });
        } else {
            let place = Seat::of(permit, &self.places);
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = Body::new(Coming { body, place: Arc::clone(&place) });
            admission.place = Some(Kept::Shared(place));
        }
        admission
    }

    /// Runs after routing, and tells the outer layers which route matched.
    async fn drive(
        &self,
        admission: Admission,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let Admission { refusal, visit, place, is_safe } = admission;
        if let Some(why) = refusal {
            return self.measured(Error::Unavailable(why).into_response());
        }
        let work = AssertUnwindSafe(patience::within(work)).catch_unwind();
        let mut response = match tokio::time::timeout(self.deadline, work).await {
            Ok(Ok(response)) => response,
            // The panic hook has logged the location; the payload might quote the request.
            Ok(Err(_)) => Error::Internal("a handler panicked".into()).into_response(),
            Err(_) => Error::Unavailable("This took too long; try again shortly.").into_response(),
        };
        if matches!(&place, Some(Kept::Shared(place)) if place.was_crowded()) {
            response = Error::Unavailable(CROWDED).into_response();
        }
        drop(place);
        if let Some(visit) = visit {
            response = hold(response, visit, is_safe);
        }
        if let Some(route) = &self.route {
            response.extensions_mut().insert(Met(Arc::clone(route)));
        }
        self.measured(response)
    }
}

/// Counts the response against its client until it has been read. If the client's share has no room, the
/// response is dropped unless something was changed; responses to changes are small.
fn hold(response: Response, visit: Visit, is_safe: bool) -> Response {
    let size = response.body().size_hint().exact();
    let size = size.map_or(ORDINARY, |size| usize::try_from(size).unwrap_or(usize::MAX));
    let size = if is_safe { size } else { size.min(ORDINARY) };
    match visit.answered(size) {
        Some(visit) => response.map(|body| Body::new(Held { body, _visit: visit })),
        None => Error::Unavailable(GREEDY).into_response(),
    }
}
