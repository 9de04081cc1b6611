//! What every request and every answer has, whichever route it meets and however it fails: an id, the
//! client's address, CORS, `nosniff`, a caching rule, a problem document instead of plain text, and a
//! log line. Outermost, so that no error escapes without them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::access_log::Line;
use super::client_ip::client_ip;
use super::problem::{self, Problem};
use super::request_id::{RequestId, X_REQUEST_ID};
use super::{cors, paths};
use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;

/// Longest path and query that is read.
const MAX_URI: usize = 8 * 1024;

/// What the envelope needs to know.
#[derive(Debug)]
pub struct Envelope {
    /// The resolved settings.
    pub settings: Arc<Settings>,
    /// Dates new request ids.
    pub clock: Clock,
    /// Makes new request ids.
    pub random: Random,
}

/// The layer.
pub async fn envelope(
    State(envelope): State<Arc<Envelope>>,
    mut request: Request,
    next: Next,
) -> Response {
    let settings = &envelope.settings;
    let id = RequestId::of(request.headers(), || envelope.random.id(envelope.clock.now()));
    let client = client_ip(request.extensions(), request.headers(), &settings.trusted_proxies);
    let line = Line::begin(request.method(), request.uri(), client);
    let origin = cors::allowed_origin(request.headers(), &settings.allowed_origins);
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(client);
    let span = tracing::error_span!("request", id = id.as_str());
    async move {
        let mut response = match cors::preflight(&request, origin.as_ref()) {
            Some(response) => response,
            None => pass_on(request, next).await,
        };
        problem::render(&mut response, &id);
        cors::decorate(response.headers_mut(), origin);
        let route = response.extensions().get::<MatchedPath>().cloned();
        let tasks =
            route.as_ref().is_some_and(|it| paths::is_below(it.as_str(), &settings.tasks_path));
        seal(response.headers_mut(), &id, tasks);
        line.end(route.as_ref(), response.status());
        response
    }
    .instrument(span)
    .await
}

async fn pass_on(mut request: Request, next: Next) -> Response {
    if uri_length(request.uri()) > MAX_URI {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    if let Some(uri) = paths::without_trailing_slash(request.uri()) {
        *request.uri_mut() = uri;
    }
    let asks_options = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if asks_options && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // RFC 9110 §9.3.7: the same `Allow`, as an answer instead of a refusal.
        *response.status_mut() = StatusCode::NO_CONTENT;
        *response.body_mut() = Body::empty();
        response.extensions_mut().remove::<Problem>();
    }
    response
}

fn uri_length(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// The headers of every answer. Nothing is stored unless its handler said so; tasks may be kept by
/// the browser that asked, which has to ask again with their `ETag`.
fn seal(headers: &mut HeaderMap, id: &RequestId, tasks: bool) {
    headers.insert(X_REQUEST_ID, id.header());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let caching = if tasks { "private, no-cache" } else { "no-store" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(caching));
}
