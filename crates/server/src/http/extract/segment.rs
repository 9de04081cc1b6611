//! Path parameters: parsed by name, after authentication, so that nothing is disclosed without a token.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::error::{Error, Invalid};
use crate::input::{Field, Refusal};

/// The `{id}` of the path: a UUID of 36 characters.
#[derive(Clone, Copy, Debug)]
pub struct IdInPath(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for IdInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        segment(parts, state, "id").await.map(Self)
    }
}

/// The `{id}` and `{key_id}` of the path.
#[derive(Clone, Copy, Debug)]
pub struct TwoIdsInPath(pub Uuid, pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for TwoIdsInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let id = segment(parts, state, "id").await?;
        Ok(Self(id, segment(parts, state, "key_id").await?))
    }
}

/// A path parameter, parsed as a field.
pub async fn segment<S: Send + Sync, T: Field>(
    parts: &mut Parts,
    state: &S,
    name: &'static str,
) -> Result<T, Error> {
    let text = segment_if_any(parts, state, name).await?;
    let text = text.ok_or_else(|| Error::Internal(format!("the path has no {name}")))?;
    T::from_json(text.into()).map_err(|why| refused(name, why))
}

/// The text of a path parameter, if this route has it.
pub async fn segment_if_any<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &'static str,
) -> Result<Option<String>, Error> {
    match RawPathParams::from_request_parts(parts, state).await {
        Ok(all) => Ok(all.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())),
        Err(RawPathParamsRejection::InvalidUtf8InPathParam(_)) => {
            Err(refused(name, ("is not percent-encoded UTF-8".into(), "value_error")))
        }
        Err(_) => Ok(None),
    }
}

fn refused(name: &str, why: Refusal) -> Error {
    Error::Validation(vec![Invalid::new("path", name, why)])
}
