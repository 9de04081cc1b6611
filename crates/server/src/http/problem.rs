//! RFC 9457 problem documents. A handler's `Error` becomes a response with a [`Problem`]; the envelope writes
//! the body with the request id, and replaces plain-text errors of the framework (404, 405, 413, timeouts,
//! panics) with problem documents.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request_id::RequestId;
use super::translation;
use crate::error::{Challenge, Code, Error, Invalid};

/// The contents of an error response.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    errors: Vec<Invalid>,
    /// If the request was a form: `error` and `error_description` (RFC 6749 §5.2).
    pub oauth: Option<(&'static str, String)>,
    /// Additional members for this kind of problem.
    extra: Map<String, Value>,
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// `urn:doorward:problem:` and the code.
    r#type: String,
    /// The kind of error, for people.
    title: &'static str,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The kind of error, for programs.
    code: Code,
    /// What went wrong and what to do, for people.
    detail: String,
    /// The request id. Include it when you report a problem.
    request_id: String,
    /// All invalid values, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<ProblemEntry>,
    /// RFC 6749 §5.2, if the request sent a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error: Option<&'static str>,
    /// RFC 6749 §5.2, if the request sent a form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    error_description: Option<String>,
    #[serde(flatten)]
    #[schema(ignore)]
    extra: Map<String, Value>,
}

/// One invalid value, in FastAPI's terms.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProblemEntry {
    /// `body`, `query`, `path` or `header`, and the field's name.
    loc: Vec<String>,
    /// The field as a JSON pointer (RFC 6901), if it is part of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pointer: Option<String>,
    /// What is wrong.
    msg: String,
    /// FastAPI's error type.
    r#type: &'static str,
}

/// Marks the 429 of an API key's quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyLimited;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let code = self.code();
        if let Self::Internal(why) = &self {
            tracing::error!(%why, "internal error");
        }
        let mut response = code.status().into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = challenge(&self) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = retry_after(&self) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if matches!(self, Self::TooManyByKey(_)) {
            response.extensions_mut().insert(KeyLimited);
        }
        response.extensions_mut().insert(Problem::from(self));
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (code, detail) = (error.code(), error.detail());
        let (mut errors, mut extra) = (Vec::new(), Map::new());
        match error {
            Error::Validation(all) => errors = all,
            Error::MfaRequired(challenge) => extra = members(*challenge),
            _ => {}
        }
        Self { code, detail, errors, oauth: None, extra }
    }
}

/// What a client needs to continue.
fn members(challenge: Challenge) -> Map<String, Value> {
    let Challenge { token, expires_in, methods, enrol } = challenge;
    let mut extra = Map::new();
    extra.insert("mfa_token".into(), token.expose_secret().into());
    extra.insert("expires_in".into(), expires_in.into());
    extra.insert("methods".into(), methods.into());
    if !enrol.is_empty() {
        extra.insert("enrol".into(), enrol.into());
    }
    extra
}

/// RFC 6750 §3: no error code if no token was sent.
fn challenge(error: &Error) -> Option<HeaderValue> {
    let text = match error {
        Error::NotAuthenticated
        | Error::InvalidCredentials
        | Error::InvalidCode
        | Error::RefreshTokenReused
        | Error::InvalidRefreshToken => "Bearer".to_owned(),
        Error::InvalidToken(_) | Error::TokenExpired => {
            let detail = error.detail().replace(['"', '\\'], "'");
            format!("Bearer error=\"invalid_token\", error_description=\"{detail}\"")
        }
        Error::StaleSignIn { max_age, factor } => {
            let acr = if *factor { ", acr_values=\"aal2\"" } else { "" };
            format!("Bearer error=\"insufficient_user_authentication\", max_age={max_age}{acr}")
        }
        Error::InsufficientScope(needed)
        | Error::KeyLacksScope(needed)
        | Error::OwnerLacks(needed) => {
            format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"")
        }
        Error::KeyNotTaken => "Bearer error=\"insufficient_scope\"".to_owned(),
        _ => return None,
    };
    HeaderValue::from_str(&text).ok()
}

fn retry_after(error: &Error) -> Option<u64> {
    match error {
        Error::RateLimited(seconds)
        | Error::TooManyGuesses(seconds)
        | Error::TooManyByKey(seconds) => Some(*seconds),
        Error::HashingUnavailable | Error::Unavailable(_) => Some(1),
        // Somebody has to free space first.
        Error::StorageFull => Some(60),
        _ => None,
    }
}

/// Writes the problem document of an error; leaves other responses, and those with their own JSON body
/// (`/health`, `/readyz`), unchanged. Returns the error's code, for the log.
pub(super) fn render(response: &mut Response, id: &RequestId) -> Option<Code> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_json(response) || is_page(response) => return None,
        None => of_status(status).into_response().extensions_mut().remove::<Problem>()?,
    };
    let mut problem = problem;
    if let (Code::MethodNotAllowed, Some(takes)) = (problem.code, allowed(response)) {
        problem.detail = format!("This path supports {takes}.");
    }
    let code = problem.code;
    let body = document(problem, status, id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.remove(header::CONTENT_LENGTH);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    let body = translation::translate(response, body, code.as_str());
    *response.body_mut() = Body::from(body.to_string());
    Some(code)
}

/// The methods in `Allow`, in words.
fn allowed(response: &Response) -> Option<String> {
    let methods = response.headers().get(header::ALLOW)?.to_str().ok()?;
    let methods: Vec<&str> = methods.split(',').map(str::trim).collect();
    let (last, others) = methods.split_last()?;
    Some(if others.is_empty() {
        (*last).to_owned()
    } else {
        format!("{} and {last}", others.join(", "))
    })
}

/// The document for a request that could not be parsed.
pub(crate) fn of_bare_status(status: StatusCode, id: &RequestId) -> String {
    let problem = of_status(status).into_response().extensions_mut().remove::<Problem>();
    problem.map_or_else(String::new, |problem| document(problem, status, id).to_string())
}

/// The document for this error.
pub(crate) fn document_of(error: Error, id: &RequestId) -> Value {
    let status = error.code().status();
    document(error.into(), status, id)
}

/// Pages show their own error messages.
fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn is_json(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// What a framework's plain-text response means in our terms.
fn of_status(status: StatusCode) -> Error {
    match status {
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Error::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Error::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMediaType("application/json"),
        StatusCode::SERVICE_UNAVAILABLE => {
            Error::Unavailable("The server is overloaded; try again shortly.")
        }
        status if status.is_client_error() => {
            Error::BadRequest("The request cannot be read.".into())
        }
        _ => Error::Internal(format!("a layer answered {status}")),
    }
}

fn document(problem: Problem, status: StatusCode, id: &RequestId) -> Value {
    let Problem { code, detail, errors, oauth, extra } = problem;
    let (error, error_description) = oauth.unzip();
    let document = ProblemDocument {
        r#type: format!("urn:doorward:problem:{}", code.as_str()),
        title: code.title(),
        status: status.as_u16(),
        code,
        detail,
        request_id: id.as_str().to_owned(),
        errors: errors.into_iter().map(ProblemEntry::from).collect(),
        error,
        error_description,
        extra,
    };
    // Its keys are strings and its values plain, so serialization cannot fail.
    serde_json::to_value(document).unwrap_or_default()
}

impl From<Invalid> for ProblemEntry {
    fn from(Invalid { place, field, message, kind }: Invalid) -> Self {
        let pointer = (place == "body").then(|| {
            let field = field.replace('~', "~0").replace('/', "~1");
            if field.is_empty() { "#".into() } else { format!("#/{field}") }
        });
        let mut loc = vec![place.to_owned()];
        if !field.is_empty() {
            loc.push(field);
        }
        Self { loc, pointer, msg: message, r#type: kind }
    }
}
