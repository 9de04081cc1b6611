//! The step around the router that applies dialects.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{OriginalUri, Request};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::response::Response;
use serde_json::Value;

use super::alias_tree::{Dialects, PathRoutes};
use super::answer::{PageOf, shown};
use super::ask::{filled, query_of};
use super::asked::Asked;
use super::plan::tables::{Part, Route};
use crate::clock::Clock;
use crate::error::Code;
use crate::http::layer::around::Around;
use crate::http::{NamedUser, Translated, is_failure, is_success, query_pairs};

/// How a request was classified.
#[derive(Debug)]
pub enum Heard {
    /// Not a path of the dialects.
    Nothing,
    /// An alias's path, with an unsupported method.
    Refused(HeaderValue),
    /// A route.
    Asked(Arc<Asked>),
}

impl Around for Dialects {
    type Seen = Heard;

    fn look(&self, request: &mut Request) -> Heard {
        self.hear(request).unwrap_or(Heard::Nothing)
    }

    async fn drive(
        &self,
        seen: Heard,
        work: Pin<&mut (impl Future<Output = Response> + Send)>,
    ) -> Response {
        let mut response = work.await;
        let asked = match seen {
            Heard::Nothing => return response,
            Heard::Refused(allow) => {
                if response.status() == Code::MethodNotAllowed.status() {
                    response.headers_mut().insert(header::ALLOW, allow);
                }
                return response;
            }
            Heard::Asked(asked) => asked,
        };
        if is_failure(&response) {
            response.extensions_mut().insert(Translated(asked));
            return response;
        }
        if !is_success(&response) || asked.spoken.leaves_answers {
            return response;
        }
        shown(response, &asked).await
    }
}

impl Dialects {
    fn hear(&self, request: &mut Request) -> Option<Heard> {
        let method = match request.method() {
            &Method::HEAD => &Method::GET,
            method => method,
        };
        let uri = request.uri().clone();
        let found = self.paths.at(uri.path()).ok()?;
        let PathRoutes { routes, allow } = found.value;
        // The contract itself rejects a query that is not UTF-8.
        let sent = query_pairs(uri.query().unwrap_or_default()).ok()?;
        let route = routes.iter().find(|route| {
            let asks = |(name, value): &(String, Option<String>)| {
                let is = |given: &String| value.as_ref().is_none_or(|value| value == given);
                sent.iter().any(|(other, given)| other == name && is(given))
            };
            route.method == *method && route.when.as_ref().is_none_or(asks)
        });
        let parts: Vec<&str> = found.params.iter().map(|(_, part)| part).collect();
        let Some(route) = route else {
            let is_method = routes.iter().any(|route| route.method == *method);
            let allow = allow.clone().filter(|_| !is_method)?;
            return refuse(request, &uri, routes.first()?, &parts).map(|()| Heard::Refused(allow));
        };
        if let Some(body) = &route.body {
            let body = match body {
                Value::String(word) if word == "none" => Body::empty(),
                body => Body::from(fill(body, route, &parts, &sent, &self.clock).to_string()),
            };
            *request.body_mut() = body;
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
            request.headers_mut().remove(header::CONTENT_LENGTH);
            request.headers_mut().remove(header::TRANSFER_ENCODING);
        }
        let user_part = route.parts.iter().position(|part| part == "user_id");
        let user_part = user_part.filter(|_| route.names_user).map(|at| parts[at]);
        let names_user = |name: &String| route.spoken.user_params.contains(name);
        let in_query = sent.iter().filter(|(name, _)| names_user(name)).map(|(_, id)| id.as_str());
        let users: Vec<String> = user_part.into_iter().chain(in_query).map(Into::into).collect();
        let names = Mutex::new(Vec::new());
        let (query, page, unknown) = if route.asks_otherwise(&sent) {
            let (query, page, unknown) = query_of(route, sent, &parts, &self.clock, &names);
            (Some(query), page, unknown)
        } else {
            (None, PageOf::default(), Vec::new())
        };
        if let Some((native, pieces)) = &route.rewrite {
            *request.uri_mut() = rewritten(&uri, pieces, &parts, query.as_deref())?;
            if request.method() != native && request.method() != Method::HEAD {
                *request.method_mut() = native.clone();
            }
        } else if query.is_some() {
            *request.uri_mut() = with(&uri, uri.path().to_owned(), query.as_deref())?;
        }
        if !users.is_empty() {
            request.extensions_mut().insert(NamedUser(users));
        }
        if route.rewrite.is_some() || query.is_some() {
            request.extensions_mut().insert(OriginalUri(uri));
        }
        let asked = Arc::new(Asked { spoken: Arc::clone(&route.spoken), page, names, unknown });
        request.extensions_mut().insert(Translated(Arc::clone(&asked) as _));
        Some(Heard::Asked(asked))
    }
}

/// Routes a request to an error response like the contract's: counted and rate-limited.
fn refuse(request: &mut Request, uri: &Uri, route: &Route, parts: &[&str]) -> Option<()> {
    if let Some((_, pieces)) = &route.rewrite {
        *request.uri_mut() = rewritten(uri, pieces, parts, None)?;
    }
    *request.method_mut() = Method::from_bytes(b"ALIAS").ok()?;
    Some(())
}

/// The contract's path, with the request's query unless there is another.
fn rewritten(uri: &Uri, pieces: &[Part], parts: &[&str], query: Option<&str>) -> Option<Uri> {
    let query = query.or(uri.query());
    let length = pieces.iter().map(|piece| piece.text(parts).len()).sum::<usize>();
    let mut path = String::with_capacity(length + query.map_or(0, |query| 1 + query.len()));
    for piece in pieces {
        path.push_str(piece.text(parts));
    }
    with(uri, path, query)
}

fn with(uri: &Uri, mut path: String, query: Option<&str>) -> Option<Uri> {
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        path.push('?');
        path.push_str(query);
    }
    let path = PathAndQuery::try_from(path).ok()?;
    if uri.scheme().is_none() && uri.authority().is_none() {
        return Some(path.into());
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

/// A body with its placeholders filled in: path parameters, query parameters, instants. A missing query
/// parameter is omitted, so that the contract reports it.
fn fill(
    body: &Value,
    route: &Route,
    parts: &[&str],
    sent: &[(String, String)],
    clock: &Clock,
) -> Value {
    match body {
        Value::String(text) => {
            match text.strip_prefix("{?").and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => {
                    let found = sent.iter().find(|(other, _)| other == name);
                    found.map(|(_, value)| value.as_str()).into()
                }
                None => filled(text, &route.parts, parts, clock.now()).into(),
            }
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, one)| (name.clone(), fill(one, route, parts, sent, clock)))
                .filter(|(_, one)| !one.is_null())
                .collect(),
        ),
        other => other.clone(),
    }
}
