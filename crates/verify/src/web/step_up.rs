//! Extractors that require recent authentication or more than one factor. The response says which (RFC 9470
//! §3), so that the front end can obtain it and retry.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::extract::{principal, refused};
use super::layer::{AuthLayer, Refused};
use crate::{Principal, Refusal};

/// A caller who authenticated within the last `SECONDS`, according to the claim `auth_time`; otherwise 401
/// `insufficient_user_authentication` with `max_age`. Refreshing a token does not count.
#[derive(Clone, Debug)]
pub struct RequireFresh<const SECONDS: u64>(pub Principal);

/// A required authentication level, as a type, so that it is part of the handler's signature.
pub trait AuthLevel: Send + Sync + 'static {
    /// The accepted values of the claim `acr`, separated by spaces, the preferred one first. The challenge
    /// contains them.
    const ACR_VALUES: &'static str;
}

/// Two factors, as in Doorward's tokens.
#[derive(Clone, Copy, Debug)]
pub struct TwoFactors;

impl AuthLevel for TwoFactors {
    const ACR_VALUES: &'static str = "aal2";
}

/// A caller whose `acr` is one of those of `L`; otherwise 401 `insufficient_user_authentication` with
/// `acr_values`.
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
        // An `auth_time` in the future comes from a clock that is ahead, and counts as now.
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
