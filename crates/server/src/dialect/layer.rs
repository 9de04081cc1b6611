//! The step around the router that speaks dialects.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{OriginalUri, Request};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use serde_json::Value;

use super::answer::{PageOf, show};
use super::ask::{filled, pairs, query_of};
use super::asked::Asked;
use super::plan::tables::{Part, Route};
use crate::clock::Clock;
use crate::http::layer::around::Around;
use crate::http::{NamedUser, Translated, is_failure, is_plain_json, is_success, set_status};

/// Every route of the dialects in use.
#[derive(Debug)]
pub struct Dialects {
    paths: matchit::Router<Vec<Route>>,
    aliases: Vec<RouteAlias>,
    clock: Clock,
}

/// A route that a dialect adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteAlias {
    /// Its path, with the names of its parts.
    pub path: String,
    /// Its method.
    pub method: String,
    /// The operation that answers.
    pub operation: String,
}

impl Dialects {
    /// Routes in order; a later one replaces an earlier alias, and nothing replaces the contract's own.
    pub(super) fn new(routes: Vec<Route>, clock: Clock) -> Result<Self, String> {
        let mut paths: Vec<(String, Vec<Route>)> = Vec::new();
        for route in routes {
            let path = route.listed.split_once(' ').map_or("", |(_, path)| path);
            let path = numbered(path);
            let at = paths.iter().position(|(other, _)| *other == path);
            let found = at.unwrap_or_else(|| {
                paths.push((path, Vec::new()));
                paths.len() - 1
            });
            let all = &mut paths[found].1;
            let same = |other: &Route| other.method == route.method && other.when == route.when;
            if let Some(other) = all.iter_mut().find(|other| same(other)) {
                if !other.is_native {
                    *other = route;
                }
                continue;
            }
            // Those that ask for a parameter are tried first.
            let at = if route.when.is_some() { 0 } else { all.len() };
            all.insert(at, route);
        }
        let mut tree = matchit::Router::new();
        let mut aliases = Vec::new();
        for (path, routes) in paths {
            aliases.extend(routes.iter().filter(|route| !route.is_native).map(RouteAlias::of));
            let shown = routes.first().map(|route| route.listed.clone()).unwrap_or_default();
            tree.insert(path, routes).map_err(|error| format!("routes: {shown}: {error}"))?;
        }
        aliases.sort();
        Ok(Self { paths: tree, aliases, clock })
    }

    /// Every route that the dialects add.
    pub fn aliases(&self) -> &[RouteAlias] {
        &self.aliases
    }

    /// The same, a line each.
    pub fn listed(&self) -> String {
        let line = |alias: &RouteAlias| {
            format!("{:6} {:50} {}\n", alias.method, alias.path, alias.operation)
        };
        self.aliases.iter().map(line).collect()
    }
}

impl RouteAlias {
    fn of(route: &Route) -> Self {
        let path = route.listed.split_once(' ').map_or("", |(_, path)| path);
        let when = route.when.as_ref();
        let when = when.map_or_else(String::new, |(name, value)| format!("?{name}={value}"));
        Self {
            path: format!("{path}{when}"),
            method: route.method.to_string(),
            operation: route.spoken.id.clone(),
        }
    }
}

/// A path whose parts have numbers for names, so that paths alike are one.
fn numbered(path: &str) -> String {
    let mut number = 0;
    let parts = path.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        number += 1;
        format!("{{p{number}}}")
    });
    parts.collect::<Vec<_>>().join("/")
}

impl Around for Dialects {
    type Seen = Option<Arc<Asked>>;

    fn look(&self, request: &mut Request) -> Option<Arc<Asked>> {
        let method = match request.method() {
            &Method::HEAD => &Method::GET,
            method => method,
        };
        let uri = request.uri().clone();
        let found = self.paths.at(uri.path()).ok()?;
        let sent = pairs(uri.query().unwrap_or_default())?;
        let route = found.value.iter().find(|route| {
            let asks = |(name, value): &(String, String)| {
                sent.iter().any(|(other, given)| other == name && given == value)
            };
            route.method == *method && route.when.as_ref().is_none_or(asks)
        })?;
        let parts: Vec<&str> = found.params.iter().map(|(_, part)| part).collect();
        let names = Mutex::new(Vec::new());
        let is_search = !route.spoken.query.is_nothing() || !route.query.is_empty();
        let (query, page) = if is_search || route.spoken.is_list {
            let (query, page) = query_of(route, sent, &parts, self.clock.now(), &names);
            (Some(query), page)
        } else {
            (None, PageOf::default())
        };
        if let Some((native, pieces)) = &route.rewrite {
            let mut path = String::with_capacity(uri.path().len() + 16);
            for piece in pieces {
                match piece {
                    Part::Text(text) => path.push_str(text),
                    Part::Of(at) => path.push_str(parts[*at]),
                }
            }
            let query = query.or_else(|| uri.query().map(str::to_owned));
            *request.uri_mut() = with(&uri, &path, query.as_deref())?;
            if request.method() != native && request.method() != Method::HEAD {
                *request.method_mut() = native.clone();
            }
        } else if query.is_some() {
            *request.uri_mut() = with(&uri, uri.path(), query.as_deref())?;
        }
        if let Some(body) = &route.body {
            let body = match body {
                Value::String(word) if word == "none" => Body::empty(),
                body => Body::from(fill(body, route, &parts, &self.clock).to_string()),
            };
            *request.body_mut() = body;
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
            request.headers_mut().remove(header::CONTENT_LENGTH);
            request.headers_mut().remove(header::TRANSFER_ENCODING);
        }
        let user_part = route.parts.iter().position(|part| part == "user_id");
        if let (true, Some(at)) = (route.names_user, user_part) {
            request.extensions_mut().insert(NamedUser(parts[at].to_owned()));
        }
        request.extensions_mut().insert(OriginalUri(uri.clone()));
        let asked = Arc::new(Asked { spoken: Arc::clone(&route.spoken), page, names });
        request.extensions_mut().insert(Translated(Arc::clone(&asked) as _));
        Some(asked)
    }

    async fn drive(
        &self,
        seen: Option<Arc<Asked>>,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let mut response = work.await;
        let Some(asked) = seen else { return response };
        if is_failure(&response) {
            response.extensions_mut().insert(Translated(asked));
            return response;
        }
        if !is_success(&response) || asked.spoken.leaves_answers() {
            return response;
        }
        shown(response, &asked).await
    }
}

/// The answer in the dialect. Its body is whole in memory already, unless it is a stream, which passes.
async fn shown(mut response: Response, asked: &Asked) -> Response {
    let spoken = &asked.spoken;
    let is_json = is_plain_json(response.headers());
    let is_empty = response.body().is_end_stream();
    if is_json == is_empty {
        // The answer to HEAD, whose length would be another; or no JSON.
        if is_json {
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        return response;
    }
    if response.body().size_hint().exact().is_none() {
        return response;
    }
    let mut whole = Vec::new();
    while let Some(Ok(frame)) = response.body_mut().frame().await {
        if let Ok(data) = frame.into_data() {
            if whole.is_empty() {
                whole = Vec::from(data);
            } else {
                whole.extend_from_slice(&data);
            }
        }
    }
    let headers = response.headers();
    let total = headers.get("x-total-count").and_then(|value| value.to_str().ok()?.parse().ok());
    let page = PageOf { total, has_more: headers.contains_key(header::LINK), ..asked.page };
    let has_tokens = whole.starts_with(b"{\"access_token\"");
    let shape = if has_tokens && spoken.signed_in.is_some() {
        spoken.signed_in.as_ref()
    } else {
        spoken.shape.as_ref()
    };
    let text = show(&whole, shape.map(Arc::as_ref), spoken.wrap.as_ref(), page);
    if let Some(status) = spoken.status {
        set_status(&mut response, status);
    }
    if !is_json && !text.is_empty() {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|held| Body::new(Retold { text: Some(text.into()), _held: held }))
}

/// An answer in place of another, which is kept, because its client is counted by it until it is read.
#[derive(Debug)]
struct Retold {
    text: Option<Bytes>,
    _held: Body,
}

impl HttpBody for Retold {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Poll::Ready(self.text.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.text.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.as_ref().map_or(0, |text| text.len() as u64))
    }
}

fn with(uri: &Uri, path: &str, query: Option<&str>) -> Option<Uri> {
    let text = match query {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

fn fill(body: &Value, route: &Route, parts: &[&str], clock: &Clock) -> Value {
    match body {
        Value::String(text) => filled(text, &route.parts, parts, clock.now()).into(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, one)| (name.clone(), fill(one, route, parts, clock)))
                .collect(),
        ),
        other => other.clone(),
    }
}
