//! CORS (Fetch standard): a fixed list of origins, compared as a whole, credentials allowed, never `*` and
//! never `null`. Other origins get no CORS headers, so their browsers refuse. Implemented here because it is
//! small, and responses to other origins should disclose nothing.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::config::AllowedOrigins;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// The request headers of front ends: our own, and those that tracing libraries add.
const ALLOWED_HEADERS: [&str; 13] = [
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Prefer",
    "X-Request-Id",
    "X-Requested-With",
    "X-Correlation-ID",
    "traceparent",
    "tracestate",
    "baggage",
    "sentry-trace",
    "X-CSRF-Token",
];
const EXPOSED: &str = "Link, X-Total-Count, ETag, Location, X-Request-Id, Retry-After, RateLimit, \
    RateLimit-Policy, WWW-Authenticate, Preference-Applied";
const MAX_AGE_SECONDS: &str = "600";

/// The origin of a request, if it may read the response.
#[derive(Clone, Debug)]
pub(in crate::http) struct AllowedOrigin(HeaderValue);

/// The request's origin, if it is allowed.
pub(in crate::http) fn allowed_origin(
    headers: &HeaderMap,
    allowed: &AllowedOrigins,
) -> Option<AllowedOrigin> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (origin, None) = (origins.next()?, origins.next()) else { return None };
    allowed.allows(origin.to_str().ok()?).then(|| AllowedOrigin(origin.clone()))
}

/// The response to a preflight, which never reaches a route: no token, no limit, no body.
pub(in crate::http) fn preflight(
    request: &Request<Body>,
    origin: Option<&AllowedOrigin>,
    more_headers: &[HeaderName],
) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if origin.is_some() {
        let headers = response.headers_mut();
        let mut set =
            |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        set(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
        let more = more_headers.iter().map(HeaderName::as_str);
        let allowed = ALLOWED_HEADERS.into_iter().chain(more).collect::<Vec<_>>().join(", ");
        if let Ok(allowed) = HeaderValue::try_from(allowed) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
    }
    Some(response)
}

/// Adds the headers for an allowed origin; `Vary` is added for all, because of caches.
pub(in crate::http) fn decorate(headers: &mut HeaderMap, origin: Option<AllowedOrigin>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(AllowedOrigin(origin)) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let allow = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, allow);
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}
