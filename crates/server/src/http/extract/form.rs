//! Parses a body that is JSON or a form: urlencoded as in OAuth 2.0 (RFC 6749 §4.3.2), or multipart as sent
//! by browsers' `FormData`. Invalid UTF-8 is rejected, not replaced: a password must be read exactly as sent.
//! Errors for forms also have OAuth's `error` members.

use std::marker::PhantomData;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::body::{is_json, media_type, read};
use crate::error::Error;
use crate::http::Problem;
use crate::http::translation::{Translated, translated};
use crate::input::{Fields, FromFields, parse_object};

const LIMIT: usize = 64 * 1024;
/// Accepted content types if forms are read too.
pub const FORM_TAKES: &str =
    "application/json, application/x-www-form-urlencoded or multipart/form-data";

/// A body sent as JSON, parsed as `J`, or as a form, parsed as `F`.
#[derive(Debug)]
pub struct JsonOrForm<J, F = J> {
    /// The parsed body.
    pub body: J,
    /// How it was sent.
    pub sent_as: SentAs,
    form: PhantomData<F>,
}

/// How a body was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentAs {
    /// As JSON.
    Json,
    /// As a form.
    Form,
}

/// An error, also in OAuth's terms (RFC 6749 §5.2) if the request was a form.
#[derive(Debug)]
pub struct FormError {
    error: Error,
    sent_as: SentAs,
}

impl SentAs {
    /// The error response to a body sent like this.
    pub fn failed(self, error: Error) -> FormError {
        FormError { error, sent_as: self }
    }
}

impl<S, J, F> FromRequest<S> for JsonOrForm<J, F>
where
    S: Send + Sync,
    J: FromFields,
    F: FromFields + Into<J>,
{
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormError> {
        let dialect = request.extensions().get::<Translated>().cloned();
        let headers = request.headers();
        if is_json(headers) {
            let read = json(request).await;
            let read = read.and_then(|fields| J::from_fields(translated(dialect, fields)));
            return read
                .map(|body| Self { body, sent_as: SentAs::Json, form: PhantomData })
                .map_err(|error| SentAs::Json.failed(error));
        }
        let kind = media_type(headers).and_then(|_| headers.get(header::CONTENT_TYPE)).cloned();
        let essence = media_type(headers).unwrap_or_default().split(';').next().unwrap_or_default();
        let fields = match (essence.trim().to_ascii_lowercase().as_str(), &kind) {
            ("application/x-www-form-urlencoded", _) => urlencoded(request).await,
            ("multipart/form-data", Some(kind)) => multipart(request, kind, state).await,
            _ => return Err(SentAs::Json.failed(Error::UnsupportedMediaType(FORM_TAKES))),
        };
        fields
            .and_then(|fields| F::from_fields(translated(dialect, fields)))
            .map(|read| Self { body: read.into(), sent_as: SentAs::Form, form: PhantomData })
            .map_err(|error| SentAs::Form.failed(error))
    }
}

async fn json(request: Request) -> Result<Fields, Error> {
    parse_object(&read(request, LIMIT).await?)
}

async fn urlencoded(request: Request) -> Result<Fields, Error> {
    let bytes = read(request, LIMIT).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| not_utf8())?;
    let mut form = FormMap::default();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        form.insert(unescape(name)?, unescape(value)?)?;
    }
    Ok(form.into_fields())
}

fn unescape(text: &str) -> Result<String, Error> {
    let text = text.replace('+', " ");
    Ok(percent_decode_str(&text).decode_utf8().map_err(|_| not_utf8())?.into_owned())
}

async fn multipart<S: Send + Sync>(
    request: Request,
    kind: &HeaderValue,
    state: &S,
) -> Result<Fields, Error> {
    let bytes = read(request, LIMIT).await?;
    let mut whole = Request::new(Body::from(bytes));
    whole.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    let malformed = || Error::BadRequest("The body is not valid multipart/form-data.".into());
    let mut parts = Multipart::from_request(whole, state).await.map_err(|_| malformed())?;
    let mut form = FormMap::default();
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        let name = part.name().ok_or_else(malformed)?.to_owned();
        let value: Bytes = part.bytes().await.map_err(|_| malformed())?;
        let value = std::str::from_utf8(&value).map_err(|_| not_utf8())?;
        form.insert(name, value.to_owned())?;
    }
    Ok(form.into_fields())
}

#[derive(Default)]
struct FormMap(Map<String, Value>);

impl FormMap {
    /// RFC 6749 §3.2: parameters must not be repeated.
    fn insert(&mut self, name: String, value: String) -> Result<(), Error> {
        match self.0.insert(name, value.into()) {
            None => Ok(()),
            Some(_) => Err(Error::BadRequest("A form field occurs more than once.".into())),
        }
    }

    fn into_fields(self) -> Fields {
        Fields::new("body", self.0)
    }
}

fn not_utf8() -> Error {
    Error::BadRequest("The form is not UTF-8.".into())
}

impl IntoResponse for FormError {
    fn into_response(self) -> Response {
        let code = oauth_code(&self.error);
        let description = self.error.detail();
        let mut response = self.error.into_response();
        if self.sent_as == SentAs::Form
            && let Some(problem) = response.extensions_mut().get_mut::<Problem>()
        {
            problem.oauth = Some((code, description));
        }
        response
    }
}

fn oauth_code(error: &Error) -> &'static str {
    match error {
        Error::InvalidCredentials
        | Error::AccountDisabled
        | Error::InvalidRefreshToken
        | Error::RefreshTokenReused
        | Error::StaleSignIn { .. } => "invalid_grant",
        Error::Validation(problems) if problems.iter().any(|one| one.field == "grant_type") => {
            "unsupported_grant_type"
        }
        // As in Auth0's password grant, which existing clients know.
        Error::MfaRequired(_) => "mfa_required",
        Error::HashingUnavailable | Error::StorageFull | Error::Unavailable(_) => {
            "temporarily_unavailable"
        }
        Error::Internal(_) => "server_error",
        _ => "invalid_request",
    }
}
