//! Forwards a request to the old backend and returns its response, both streamed and unchanged except for
//! what every proxy does (RFC 9110 §7.6): hop-by-hop fields, `Host`, `X-Forwarded-*`. In addition, no
//! compression is requested, so that the copy is readable.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Version};
use axum::response::Response;
use tokio::time::Instant;

use super::Shadow;
use super::exchange::Exchanged;
use super::tee::{AtEnd, Kept, Tee};
use crate::http::client_ip::PeerAddr;
use crate::http::set_status;

/// Maximum size of a request body kept for the copy; Doorward accepts no more itself.
const ASKED: usize = 256 * 1024;
/// Maximum size of a kept response body.
const ANSWERED: usize = 1024 * 1024;

/// Hop-by-hop fields (RFC 9110 §7.6.1).
const HOPS: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The request headers in the copy.
const COPIED: [HeaderName; 4] =
    [header::AUTHORIZATION, header::CONTENT_TYPE, header::COOKIE, header::USER_AGENT];

impl Shadow {
    /// The old backend's response.
    pub(super) async fn pass(self, request: Request) -> Response {
        let is_tunnel = matches!(*request.method(), Method::CONNECT | Method::TRACE);
        if is_tunnel || request.headers().contains_key(header::UPGRADE) {
            self.findings(|findings| findings.upgrades += 1);
            let detail = "The rehearsal does not proxy WebSockets or other upgrades: connect to the old backend \
                directly.";
            return refusal(501, detail);
        }
        let began = Instant::now();
        let peer = request.extensions().get::<PeerAddr>().map(|peer| peer.0);
        let (mut parts, body) = request.into_parts();
        let Some(place) = self.0.upstream.place(&parts.uri) else {
            return refusal(400, "The path cannot be read.");
        };
        let mut copied = HeaderMap::new();
        for name in COPIED {
            if let Some(value) = parts.headers.get(&name) {
                copied.insert(name, value.clone());
            }
        }
        let host = parts.headers.get(header::HOST).cloned();
        let host = host.or_else(|| HeaderValue::from_str(parts.uri.authority()?.as_str()).ok());
        let asked = Arc::new(Mutex::new(Kept::new(ASKED, &self.0.budget)));
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let is_idle = body_is_empty(&body);
        let body = Tee::wrap(body, &asked, None);
        without_hops(&mut parts.headers);
        parts.headers.remove(header::EXPECT);
        parts.headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        self.forward(&mut parts.headers, host.as_ref(), peer);
        let mut onward = Request::new(if is_idle { Body::empty() } else { body });
        *onward.method_mut() = parts.method;
        *onward.uri_mut() = place;
        *onward.headers_mut() = parts.headers;
        *onward.version_mut() = Version::HTTP_11;
        let mut exchange = Exchanged {
            method,
            uri,
            headers: copied,
            peer,
            asked,
            status: 0,
            kind: None,
            cookies: Vec::new(),
            answered: Arc::new(Mutex::new(Kept::new(ANSWERED, &self.0.budget))),
            took: began.elapsed(),
        };
        let answer = match self.0.upstream.send(onward).await {
            Some(Ok(answer)) => answer,
            None => {
                exchange.took = began.elapsed();
                self.queue(exchange);
                return refusal(504, "The old backend did not respond within five minutes.");
            }
            Some(Err(error)) => {
                let why = chain(&error);
                tracing::warn!(%why, "the old backend did not respond");
                exchange.took = began.elapsed();
                self.queue(exchange);
                return refusal(502, "The old backend did not respond.");
            }
        };
        let (mut head, body) = answer.into_parts();
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        exchange.status = head.status.as_u16();
        exchange.kind = head.headers.get(header::CONTENT_TYPE).and_then(text);
        exchange.cookies =
            head.headers.get_all(header::SET_COOKIE).iter().filter_map(text).collect();
        without_hops(&mut head.headers);
        if let Some(host) = &host {
            self.point_here(&mut head.headers, host);
        }
        head.version = Version::HTTP_11;
        let answered = Arc::clone(&exchange.answered);
        let shadow = self.clone();
        let at_end: AtEnd = Box::new(move || {
            exchange.took = began.elapsed();
            shadow.queue(exchange);
        });
        Response::from_parts(head, Tee::wrap(Body::new(body), &answered, Some(at_end)))
    }

    /// Sets the forwarding headers.
    fn forward(
        &self,
        headers: &mut HeaderMap,
        host: Option<&HeaderValue>,
        peer: Option<std::net::SocketAddr>,
    ) {
        let (by, named) = ("x-forwarded-for", "x-forwarded-host");
        if let Some(peer) = peer {
            let peer = peer.ip().to_canonical().to_string();
            let before = headers.get_all(by).iter().filter_map(|value| value.to_str().ok());
            let chain: Vec<&str> = before.chain([peer.as_str()]).collect();
            if let Ok(value) = HeaderValue::from_str(&chain.join(", ")) {
                headers.insert(HeaderName::from_static(by), value);
            }
        }
        if let Some(host) = host {
            headers.entry(named).or_insert_with(|| host.clone());
        }
        headers.entry("x-forwarded-proto").or_insert(HeaderValue::from_static("http"));
        let kept = host.filter(|_| self.0.keeps_host).cloned();
        let own = || HeaderValue::from_str(self.0.upstream.authority()).ok();
        if let Some(value) = kept.or_else(own) {
            headers.insert(header::HOST, value);
        }
    }

    /// Rewrites redirects to the old backend's own address, such as FastAPI's for a missing slash.
    fn point_here(&self, headers: &mut HeaderMap, host: &HeaderValue) {
        let origin = self.0.upstream.origin();
        let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let rest = location.and_then(|location| location.strip_prefix(&origin));
        let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) else {
            return;
        };
        let here = host.to_str().ok().map(|host| format!("http://{host}{rest}"));
        if let Some(value) = here.and_then(|here| HeaderValue::from_str(&here).ok()) {
            headers.insert(header::LOCATION, value);
        }
    }

    /// Queues the exchange for comparison; never waits.
    fn queue(&self, exchange: Exchanged) {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let full = queue.as_ref().is_some_and(|queue| queue.try_send(exchange).is_err());
        drop(queue);
        if full {
            self.findings(|findings| findings.overflowed += 1);
        }
    }
}

fn body_is_empty(body: &Body) -> bool {
    hyper::body::Body::is_end_stream(body)
}

/// Removes hop-by-hop fields: the standard ones, and those named by `Connection`.
fn without_hops(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOPS) {
        headers.remove(name);
    }
}

/// A response of the proxy itself, in FastAPI's format.
fn refusal(status: u16, detail: &str) -> Response {
    let body = serde_json::json!({ "detail": detail }).to_string();
    let mut response = Response::new(Body::from(body));
    set_status(&mut response, status);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
