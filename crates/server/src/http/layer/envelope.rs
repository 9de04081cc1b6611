//! What all requests and responses have in common, whatever the route or error: an id, the client's address,
//! CORS, `nosniff`, caching headers, problem documents instead of plain text, and a log line. Outermost, so
//! that no error escapes it.

use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::access_log::AccessLine;
use super::around::Around;
use super::compress::{self, Coding};
use super::cors::AllowedOrigin;
use super::guard::{Measured, Met};
use super::notes::Notes;
use super::{cors, paths};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;
use crate::http::client_ip::client_ip;
use crate::http::problem::{self, Problem};
use crate::http::request_id;
use crate::http::request_id::{RequestId, X_REQUEST_ID};
use crate::http::{Caching, Registered};
use crate::metrics::{Holding, Metrics};

/// Maximum length of path and query.
const MAX_URI: usize = 8 * 1024;

/// The state of the envelope.
#[derive(Debug)]
pub struct Envelope {
    /// The resolved settings.
    pub settings: Arc<Settings>,
    /// The time for new request ids.
    pub clock: Clock,
    /// The randomness for new request ids.
    pub random: Random,
    /// Counts requests.
    pub metrics: Metrics,
    /// Informs operators about misconfigured front ends and proxies.
    pub notes: Notes,
    /// Exports spans.
    #[cfg(feature = "otlp")]
    pub spans: super::spans::Spans,
}

/// What the envelope knows about a request.
#[derive(Debug)]
pub struct Opened {
    id: RequestId,
    line: AccessLine,
    origin: Option<AllowedOrigin>,
    refusal: Option<Response>,
    asks_options: bool,
    coding: Option<Coding>,
    in_flight: Option<Holding>,
    #[cfg(feature = "otlp")]
    span: Option<super::spans::Begun>,
}

impl Around for Envelope {
    type Seen = Box<Opened>;

    fn look(&self, request: &mut Request) -> Box<Opened> {
        let settings = &self.settings;
        let id = RequestId::of(request.headers(), || self.random.id(self.clock.now()));
        let client = client_ip(
            request.extensions(),
            request.headers(),
            &settings.client_ip_header,
            &settings.trusted_proxies,
        );
        let now = || self.clock.now();
        self.notes.of_forwarding(request, settings, now);
        let line = AccessLine::begin(request.method(), request.uri(), client);
        let origin = cors::allowed_origin(request.headers(), &settings.allowed_origins);
        self.notes.of_origin(request.headers(), origin.is_some(), now);
        let preflight = cors::preflight(request, origin.as_ref(), &settings.allowed_headers);
        let too_long = uri_length(request.uri()) > MAX_URI;
        let refusal =
            preflight.or_else(|| too_long.then(|| StatusCode::URI_TOO_LONG.into_response()));
        if let Some(uri) = paths::without_trailing_slash(request.uri()) {
            *request.uri_mut() = uri;
        }
        request.extensions_mut().insert(id.clone());
        request.extensions_mut().insert(client);
        let asks_options = request.method() == Method::OPTIONS;
        let coding = compress::accepted(request.headers());
        #[cfg(feature = "otlp")]
        let span =
            self.spans.begin(request.headers(), request.method(), &id, &self.clock, &self.random);
        let in_flight = self.metrics.on().map(|meters| meters.in_flight.hold());
        Box::new(Opened {
            id,
            line,
            origin,
            refusal,
            asks_options,
            coding,
            in_flight,
            #[cfg(feature = "otlp")]
            span,
        })
    }

    async fn drive(
        &self,
        mut opened: Box<Opened>,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let (named, settings) = (opened.id.clone(), &self.settings);
        let work = async move {
            let mut response = match opened.refusal.take() {
                Some(refusal) => refusal,
                None => options(opened.asks_options, work.await),
            };
            #[cfg(feature = "otlp")]
            let span = opened.span.take();
            let Opened { id, line, origin, coding, in_flight: _in_flight, .. } = *opened;
            let code = problem::render(&mut response, &id);
            cors::decorate(response.headers_mut(), origin);
            let status = response.status();
            let measured = response.extensions_mut().remove::<Measured>();
            let met = response.extensions_mut().remove::<Met>();
            let route = met.as_ref().map(|Met(route)| route.as_ref());
            below_prefix(response.headers_mut(), settings.public_prefix());
            seal(response.headers_mut(), &id, route, status);
            if settings.accept_cookies && is_private(route) {
                response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie"));
            }
            if route.is_some_and(|route| route.declared.caching != Caching::NoStore) {
                compress::compress(&mut response, coding).await;
            }
            line.count(&self.metrics, measured.map(|Measured(meter)| meter), status);
            #[cfg(feature = "otlp")]
            self.spans.end(span, route.map(|route| route.path.as_str()), status);
            line.end(route.map(|route| route.path.as_str()), status, code);
            response
        };
        request_id::named(named, work).await
    }
}

/// RFC 9110 §9.3.7: for `OPTIONS`, the `Allow` of the error is the response.
fn options(asked: bool, mut response: Response) -> Response {
    if asked && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        response.extensions_mut().remove::<Problem>();
    }
    response
}

fn uri_length(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// Rewrites headers that refer to this server by path to the public path, with the prefix that a proxy
/// strips.
fn below_prefix(headers: &mut HeaderMap, prefix: &str) {
    if prefix.is_empty() {
        return;
    }
    for (name, start) in [(header::LOCATION, "/"), (header::LINK, "</")] {
        let Some(own) = headers.get(&name).and_then(|value| value.to_str().ok()) else { continue };
        let Some(rest) = own.strip_prefix(start) else { continue };
        let opening = start.trim_end_matches('/');
        if let Ok(whole) = HeaderValue::try_from(format!("{opening}{prefix}/{rest}")) {
            headers.insert(name, whole);
        }
    }
}

/// Whether the browser may cache the response, which is then private to one user.
fn is_private(route: Option<&Registered>) -> bool {
    route.is_some_and(|route| route.declared.caching == Caching::Private)
}

/// The headers of all responses. Nothing is cached unless its route declares it.
fn seal(headers: &mut HeaderMap, id: &RequestId, route: Option<&Registered>, status: StatusCode) {
    headers.insert(X_REQUEST_ID, id.header());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let failed = status.is_client_error() || status.is_server_error();
    let none = || HeaderValue::from_static("no-store");
    let caching = route.map_or_else(none, |route| route.cache_control(failed));
    headers.insert(header::CACHE_CONTROL, caching);
}
