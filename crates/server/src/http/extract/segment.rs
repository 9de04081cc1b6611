//! Parts of the path: read by name, after the caller was decided, so that without a token nothing is
//! learned about them.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::error::{Error, Invalid};

/// The `{id}` of the path: a UUID of 36 characters.
#[derive(Clone, Copy, Debug)]
pub struct IdInPath(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for IdInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let id = segment(parts, state, "id").await?;
        let id = (id.len() == 36).then(|| Uuid::try_parse(&id).ok()).flatten();
        id.map(Self).ok_or_else(|| refused("id", "is not a UUID", "uuid_parsing"))
    }
}

/// The text of a part of the path.
pub async fn segment<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &'static str,
) -> Result<String, Error> {
    match RawPathParams::from_request_parts(parts, state).await {
        Ok(all) => {
            let found = all.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
            found.ok_or_else(|| Error::Internal(format!("the path has no {name}")))
        }
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => {
            Err(refused(name, "is not percent-encoded UTF-8", "value_error"))
        }
        Err(_) => Err(Error::Internal("the path has no parameters".into())),
    }
}

fn refused(name: &str, message: &str, kind: &'static str) -> Error {
    let (field, message) = (name.to_owned(), message.to_owned());
    Error::Validation(vec![Invalid { place: "path", field, message, kind }])
}
