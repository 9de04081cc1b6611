//! Who may add a factor: the holder of an access token, or of the `mfa_token` of a sign-in that requires one.
//! Both are bearer tokens, checked before the body is read.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::error::Error;
use crate::input::Field;
use crate::keys::{Caller, Keys};
use crate::single_use::{OneTimeToken, is_one_time_token};

/// The user who adds a factor.
#[derive(Debug)]
pub(crate) enum Enroller {
    /// A signed-in user.
    Caller(Caller),
    /// A user who must add one to sign in.
    FirstStep(OneTimeToken),
}

impl<S> FromRequestParts<S> for Enroller
where
    S: AsRef<Keys> + Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        if let Some(token) = one_time(parts) {
            return Ok(Self::FirstStep(token));
        }
        Caller::from_request_parts(parts, state).await.map(Self::Caller)
    }
}

/// The token of the single `Authorization` header, if it is a single-use token.
fn one_time(parts: &Parts) -> Option<OneTimeToken> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let ours = scheme.eq_ignore_ascii_case("bearer") && is_one_time_token(token);
    ours.then(|| OneTimeToken::from_json(token.into()).ok()).flatten()
}
