//! The origin of a request, as determined by the layers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::http::{ClientIp, RequestId};
use crate::input::Origin;

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(origin_of(parts))
    }
}

/// The origin of this request.
pub fn origin_of(parts: &Parts) -> Origin {
    let ip = parts.extensions.get().map(|ClientIp(ip)| *ip);
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let id = parts.extensions.get::<RequestId>();
    Origin::new(ip, agent, id.map(RequestId::as_str))
}
