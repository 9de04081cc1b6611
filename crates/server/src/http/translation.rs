//! The interface of dialects: attached to a request and its response, so that the body is parsed and problems
//! are written in the client's terms. The dialect module is above this one.

use std::fmt::Debug;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use crate::input::Fields;

/// A request in a dialect.
pub trait Translation: Debug + Send + Sync {
    /// The parsed fields of a body, in the contract's terms.
    fn body(&self, fields: Fields) -> Fields;

    /// The parameters of a query, with unknown ones recorded.
    fn query(&self, fields: Fields) -> Fields;

    /// How the rows of a list are shown that have these members in this order; `None` if as they are.
    fn rows(&self, names: &'static [&'static str]) -> Option<Box<dyn RowTranslation>>;

    /// A problem document in the client's terms: status and body.
    fn problem(&self, document: Value, code: &str) -> TranslatedProblem;
}

/// The rows of a list in a dialect.
pub trait RowTranslation: Debug + Send {
    /// Translates the row that begins at `start` and ends the text. Its values end at `ends`.
    fn show(&mut self, text: &mut Vec<u8>, start: usize, ends: &[usize]);
}

/// A problem in a dialect.
#[derive(Debug)]
pub struct TranslatedProblem {
    /// The status, if it differs from the problem's.
    pub status: Option<u16>,
    /// The body.
    pub body: Value,
    /// Whether its content type is plain JSON.
    pub plain: bool,
}

/// The extension of a request, and of an error response.
#[derive(Clone, Debug)]
pub struct Translated(pub Arc<dyn Translation>);

/// The extension of an error response: its problem document before translation.
#[derive(Clone, Debug)]
pub struct NativeProblem(pub Value);

/// The users named in a request whose operation reads none: in the path of an alias, or in the query.
#[derive(Clone, Debug)]
pub struct NamedUser(pub Vec<String>);

/// Translates fields with the request's dialect, if it has one.
pub(super) fn translated(with: Option<Translated>, fields: Fields) -> Fields {
    match with {
        Some(Translated(dialect)) => dialect.body(fields),
        None => fields,
    }
}

/// Writes a problem in the dialect of its request.
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

/// Sets the status; a challenge only belongs to 401.
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

/// Whether a response is a success that may have a body.
pub fn is_success(response: &Response) -> bool {
    response.status().is_success()
}

/// Whether a response is an error.
pub fn is_failure(response: &Response) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

/// Whether a body is JSON.
pub fn is_plain_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}
