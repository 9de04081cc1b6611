//! What a dialect leaves with a request and its answer, so that the body is read in the client's words
//! and a problem says them again. The room of dialects is above this one.

use std::fmt::Debug;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use crate::input::Fields;

/// One request in a dialect.
pub trait Translation: Debug + Send + Sync {
    /// The fields of a body, once it was read, in the contract's words.
    fn body(&self, fields: Fields) -> Fields;

    /// The parameters of a query, with those noted that have no place here.
    fn query(&self, fields: Fields) -> Fields;

    /// A problem document in the client's words: its status and its body.
    fn problem(&self, document: Value, code: &str) -> TranslatedProblem;
}

/// How a problem is answered in a dialect.
#[derive(Debug)]
pub struct TranslatedProblem {
    /// Another status than the problem's own.
    pub status: Option<u16>,
    /// The body.
    pub body: Value,
    /// Whether its content type is plain JSON.
    pub plain: bool,
}

/// The extension of a request, and of an answer that failed.
#[derive(Clone, Debug)]
pub struct Translated(pub Arc<dyn Translation>);

/// The extension of an answer that failed: its problem document before a dialect told it.
#[derive(Clone, Debug)]
pub struct NativeProblem(pub Value);

/// The users that a request names where its operation reads none: in the path of an alias, in the query.
#[derive(Clone, Debug)]
pub struct NamedUser(pub Vec<String>);

/// Reads fields in the words of the request's dialect, if it has one.
pub(super) fn translated(with: Option<Translated>, fields: Fields) -> Fields {
    match with {
        Some(Translated(dialect)) => dialect.body(fields),
        None => fields,
    }
}

/// Writes a problem in the words of the dialect that it was asked in.
pub(super) fn translate(response: &mut Response, document: Value, code: &str) -> Value {
    let Some(Translated(dialect)) = response.extensions_mut().remove::<Translated>() else {
        return document;
    };
    response.extensions_mut().insert(NativeProblem(document.clone()));
    let answer = dialect.problem(document, code);
    if let Some(status) = answer.status {
        set_status(response, status);
    }
    if answer.plain {
        let plain = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    answer.body
}

/// Answers with this status; a challenge belongs to 401 alone.
pub fn set_status(response: &mut Response, status: u16) {
    if let Ok(status) = StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    let is_challenge =
        response.status() == StatusCode::UNAUTHORIZED || response.status() == StatusCode::FORBIDDEN;
    if !is_challenge {
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
    }
}

/// Whether an answer succeeded and may have a body.
pub fn is_success(response: &Response) -> bool {
    response.status().is_success()
}

/// Whether an answer failed.
pub fn is_failure(response: &Response) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

/// Whether a body is JSON.
pub fn is_plain_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}
