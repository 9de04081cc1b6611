//! The success replies of handlers, so that features need not name status codes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::Error;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Large enough for most responses; a page of tasks grows from here.
const ORDINARY: usize = 1024;

/// 200 with a JSON body, serialized directly into memory; axum's own uses a `BytesMut` for each piece.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(ORDINARY);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => json_bytes(body),
            Err(error) => Error::Internal(error.to_string()).into_response(),
        }
    }
}

/// 200 with this JSON.
pub(super) fn json_bytes(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// 201 with `Location` and the new resource.
#[derive(Debug)]
pub struct Created<T>(pub String, pub T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.0)], Json(self.1)).into_response()
    }
}

/// 202 without a body: the work is done later, or not at all, and the response does not show which.
#[derive(Clone, Copy, Debug)]
pub struct Accepted;

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

/// The same with data that the client needs later, which discloses nothing either.
#[derive(Debug)]
pub struct AcceptedWith<T>(pub T);

impl<T: Serialize> IntoResponse for AcceptedWith<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

/// 204.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// 304: the client has the current version.
#[derive(Clone, Copy, Debug)]
pub struct NotModified;

impl IntoResponse for NotModified {
    fn into_response(self) -> Response {
        StatusCode::NOT_MODIFIED.into_response()
    }
}

/// 200 with a JSON body.
pub fn json<T: Serialize>(body: T) -> Json<T> {
    Json(body)
}
