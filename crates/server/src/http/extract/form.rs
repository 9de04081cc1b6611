//! Reads a body that is JSON or a form: urlencoded as OAuth 2.0 sends it (RFC 6749 §4.3.2), or
//! multipart as browsers' `FormData` does. Bytes that are not UTF-8 are refused, not replaced: a
//! password must be taken exactly as sent. Failed forms also carry OAuth's `error` members.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::body::{is_json, media_type, read};
use crate::error::Error;
use crate::http::Problem;
use crate::input::{Fields, parse_object};

const LIMIT: usize = 64 * 1024;
const TAKES: &str = "application/json, application/x-www-form-urlencoded or multipart/form-data";

/// The fields of a JSON object or of a form.
#[derive(Debug)]
pub struct JsonOrForm {
    /// What was sent.
    pub fields: Fields,
    /// True for a form.
    pub is_form: bool,
}

/// An error, told in OAuth's terms too (RFC 6749 §5.2) if the request was a form.
#[derive(Debug)]
pub struct FormError {
    /// What went wrong.
    pub error: Error,
    /// True for a form.
    pub is_form: bool,
}

impl JsonOrForm {
    /// A form's `grant_type` must be the one that this route performs, if it is there at all.
    pub fn expect_grant(&mut self, grant: &str) {
        if !self.is_form {
            return;
        }
        let sent: Option<String> = self.fields.optional("grant_type");
        if sent.is_some_and(|sent| sent != grant) {
            self.fields.refuse("grant_type", format!("must be {grant}"), "value_error");
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonOrForm {
    type Rejection = FormError;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormError> {
        let headers = request.headers();
        let is_json = is_json(headers);
        let is_form = !is_json;
        let kind = media_type(headers).and_then(|_| headers.get(header::CONTENT_TYPE)).cloned();
        let essence = media_type(headers).unwrap_or_default().split(';').next().unwrap_or_default();
        let fields = match (essence.trim().to_ascii_lowercase().as_str(), &kind) {
            _ if is_json => json(request).await,
            ("application/x-www-form-urlencoded", _) => urlencoded(request).await,
            ("multipart/form-data", Some(kind)) => multipart(request, kind, state).await,
            _ => {
                let error = Error::UnsupportedMediaType(TAKES);
                return Err(FormError { error, is_form: false });
            }
        };
        match fields {
            Ok(fields) => Ok(Self { fields, is_form }),
            Err(error) => Err(FormError { error, is_form }),
        }
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
    /// RFC 6749 §3.2: a parameter must not be there twice.
    fn insert(&mut self, name: String, value: String) -> Result<(), Error> {
        match self.0.insert(name, value.into()) {
            None => Ok(()),
            Some(_) => Err(Error::BadRequest("A form field is there twice.".into())),
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
        if self.is_form
            && let Some(problem) = response.extensions_mut().get_mut::<Problem>()
        {
            problem.extra.insert("error".into(), code.into());
            problem.extra.insert("error_description".into(), description.into());
        }
        response
    }
}

fn oauth_code(error: &Error) -> &'static str {
    match error {
        Error::InvalidCredentials
        | Error::AccountDisabled
        | Error::InvalidRefreshToken
        | Error::RefreshTokenReused => "invalid_grant",
        Error::Validation(problems) if problems.iter().any(|one| one.field == "grant_type") => {
            "unsupported_grant_type"
        }
        Error::HashingUnavailable | Error::Unavailable(_) => "temporarily_unavailable",
        Error::Internal(_) => "server_error",
        _ => "invalid_request",
    }
}
