//! CORS (Fetch standard): a fixed list of origins compared as a whole, credentials allowed, never `*`
//! and never `null`. An origin that is not on the list gets no header at all, so its browser refuses.
//! Written here because it is small, and the answer to a foreign origin should say nothing.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::config::AllowedOrigins;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// What front ends send: our own headers, and those that tracing libraries add to every request.
const ALLOWED_HEADERS: [&str; 12] = [
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
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
    RateLimit-Policy, WWW-Authenticate";
const MAX_AGE_SECONDS: &str = "600";

/// The origin that sent a request, if it may read the answer.
#[derive(Clone, Debug)]
pub(in crate::http) struct AllowedOrigin(HeaderValue);

/// The request's origin if it is on the list.
pub(in crate::http) fn allowed_origin(
    headers: &HeaderMap,
    allowed: &AllowedOrigins,
) -> Option<AllowedOrigin> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (origin, None) = (origins.next()?, origins.next()) else { return None };
    is_allowed(origin.to_str().ok()?, allowed).then(|| AllowedOrigin(origin.clone()))
}

fn is_allowed(origin: &str, allowed: &AllowedOrigins) -> bool {
    match allowed {
        AllowedOrigins::List(list) => origin != "null" && list.iter().any(|one| one == origin),
        AllowedOrigins::Localhost => is_local(origin),
    }
}

/// `http(s)://localhost` or `127.0.0.1`, with any port.
fn is_local(origin: &str) -> bool {
    let rest = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    let port = rest
        .and_then(|rest| rest.strip_prefix("localhost").or_else(|| rest.strip_prefix("127.0.0.1")));
    match port {
        Some("") => true,
        Some(port) => port.strip_prefix(':').is_some_and(|port| {
            port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok()
        }),
        None => false,
    }
}

/// The answer to a preflight, which never reaches a route: no token, no limit, no body.
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

/// Adds what an allowed origin's browser must see; `Vary` is for everybody, because caches are.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_port_of_this_machine_is_local_and_look_alikes_are_not() {
        for origin in ["http://localhost", "http://localhost:3000", "https://127.0.0.1:5173"] {
            assert!(is_local(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://localhost.evil.example",
            "http://localhost:3000.evil.example",
            "http://localhost:80@evil.example",
            "http://localhost:",
            "http://localhost:+80",
            "http://localhost:99999",
            "http://127.0.0.10",
            "http://127.0.0.1.nip.io",
            "ftp://localhost",
            "http://LOCALHOST",
            "xhttp://localhost",
        ] {
            assert!(!is_local(origin), "{origin}");
        }
    }

    #[test]
    fn a_list_is_compared_as_a_whole_and_never_holds_null() {
        let list = AllowedOrigins::List(vec!["https://app.example".into(), "null".into()]);
        assert!(is_allowed("https://app.example", &list));
        for origin in [
            "null",
            "*",
            "https://app.example.evil.com",
            "https://evil.com/https://app.example",
            "http://app.example",
            "https://app.example:444",
            "https://APP.example",
            "https://app.example/",
        ] {
            assert!(!is_allowed(origin, &list), "{origin}");
        }
    }
}
