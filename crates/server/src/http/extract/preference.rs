//! `Prefer: return=representation` (RFC 7240 §4.2): a client that prefers a response with a body to 204.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::reply::{Json, NoContent};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const REPRESENTATION: HeaderValue = HeaderValue::from_static("return=representation");

/// Whether the client prefers a body.
#[derive(Clone, Copy, Debug)]
pub struct WantsBody(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for WantsBody {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let all = parts.headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
        let named = all.flat_map(|value| value.split(',')).filter_map(|one| {
            let (name, value) = one.split(';').next()?.split_once('=')?;
            name.trim().eq_ignore_ascii_case("return").then_some(value.trim())
        });
        // The first of several counts (§2).
        let first = named.map(|value| value.trim_matches('"')).next();
        Ok(Self(first.is_some_and(|value| value == "representation")))
    }
}

/// 200 with the body, or 204 without one.
#[derive(Debug)]
pub struct BodyOrNone<T>(pub Option<T>);

impl<T: Serialize> IntoResponse for BodyOrNone<T> {
    fn into_response(self) -> Response {
        match self.0 {
            Some(body) => ([(APPLIED, REPRESENTATION)], Json(body)).into_response(),
            None => NoContent.into_response(),
        }
    }
}
