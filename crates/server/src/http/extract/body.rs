//! JSON bodies: content type and size are checked first, then the object is parsed. Its fields are parsed in
//! `input/`.

use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, header};

use crate::error::Error;
use crate::http::translation::{Translated, translated};
use crate::input::{FromFields, parse_object};

/// Accepted content types if only JSON is read.
pub const JSON_TAKES: &str = "application/json, in UTF-8 and without Content-Encoding";

/// A parsed JSON object, or 415, 413, 400 or 422. `KIB` is the size limit in KiB.
#[derive(Debug)]
pub struct JsonBody<B, const KIB: usize = 64>(pub B);

impl<S: Send + Sync, B: FromFields, const KIB: usize> FromRequest<S> for JsonBody<B, KIB> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType(JSON_TAKES));
        }
        let dialect = request.extensions().get::<Translated>().cloned();
        let bytes = read(request, KIB * 1024).await?;
        let fields = translated(dialect, parse_object(&bytes)?);
        B::from_fields(fields).map(Self)
    }
}

impl<S, B, const KIB: usize> OptionalFromRequest<S> for JsonBody<B, KIB>
where
    S: Send + Sync,
    B: FromFields,
{
    type Rejection = Error;

    /// `None` for an empty body, whatever its content type, and for the JSON `null`.
    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Error> {
        let is_json = is_json(request.headers());
        let dialect = request.extensions().get::<Translated>().cloned();
        let bytes = read(request, KIB * 1024).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !is_json {
            return Err(Error::UnsupportedMediaType(JSON_TAKES));
        }
        // JSON whitespace (RFC 8259 §2).
        if bytes.trim_ascii() == b"null" {
            return Ok(None);
        }
        let fields = translated(dialect, parse_object(&bytes)?);
        B::from_fields(fields).map(|read| Some(Self(read)))
    }
}

/// Reads the whole body, at most `limit` bytes.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, Error> {
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error + 'static>::is::<http_body_util::LengthLimitError>);
        if too_large {
            Error::PayloadTooLarge
        } else {
            Error::BadRequest("The request body was incomplete or arrived too slowly.".into())
        }
    })
}

/// True if the body is declared as JSON, once, in UTF-8 (RFC 8259 §8.1) and uncompressed: anything else might
/// be misinterpreted.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = media_type(headers) else { return false };
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let in_utf8 =
        parts.filter_map(|part| part.strip_prefix("charset=").map(str::to_owned)).all(|charset| {
            matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii" | "ascii")
        });
    is_json && in_utf8
}

/// The one `Content-Type`, unless the body is in a content coding (RFC 9110 §8.4).
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| coding != "identity") {
        return None;
    }
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => kind.to_str().ok(),
        _ => None,
    }
}
