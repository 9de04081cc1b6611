//! For what needs more than a valid token: a caller who proved who they are lately, or with more than one
//! factor. The refusal says which (RFC 9470 §3), so that the front end can ask for it and come back.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::extract::{principal, refused};
use super::layer::{AuthLayer, Refused};
use crate::{Principal, Refusal};

/// A caller who proved who they are within the last `SECONDS`, by the claim `auth_time`: 401
/// `insufficient_user_authentication` with `max_age` otherwise. Refreshing a token does not count.
#[derive(Clone, Debug)]
pub struct RequireFresh<const SECONDS: u64>(pub Principal);

/// How somebody must have proven who they are; a type for each, so that the handler's signature names it.
pub trait AuthLevel: Send + Sync + 'static {
    /// The values of the claim `acr` that will do, with spaces between, the preferred one first. The
    /// challenge names them.
    const ACR_VALUES: &'static str;
}

/// Two factors, as Doorward's tokens say it.
#[derive(Clone, Copy, Debug)]
pub struct TwoFactors;

impl AuthLevel for TwoFactors {
    const ACR_VALUES: &'static str = "aal2";
}

/// A caller whose `acr` is one of those of `L`: 401 `insufficient_user_authentication` with `acr_values`
/// otherwise.
#[derive(Clone, Debug)]
pub struct RequireAcr<L>(pub Principal, PhantomData<L>);

impl<const SECONDS: u64> Deref for RequireFresh<SECONDS> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<L> Deref for RequireAcr<L> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<S: Send + Sync, const SECONDS: u64> FromRequestParts<S> for RequireFresh<SECONDS> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let principal = principal(parts).await?;
        let now = parts.extensions.get::<AuthLayer>().map(|layer| layer.auth.now());
        let since = now.zip(principal.authenticated_at()).map(|(now, at)| now.saturating_sub(at));
        // One of the future was made by a clock that is ahead, and is as fresh as one of now.
        if since.is_some_and(|since| since < i64::try_from(SECONDS).unwrap_or(i64::MAX)) {
            Ok(Self(principal))
        } else {
            Err(refused(parts, Refusal::TooOld { max_age: SECONDS }))
        }
    }
}

impl<S: Send + Sync, L: AuthLevel> FromRequestParts<S> for RequireAcr<L> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let principal = principal(parts).await?;
        let acr = principal.acr().unwrap_or_default();
        if !acr.is_empty() && L::ACR_VALUES.split(' ').any(|enough| enough == acr) {
            Ok(Self(principal, PhantomData))
        } else {
            Err(refused(parts, Refusal::TooWeak { acr_values: L::ACR_VALUES }))
        }
    }
}
