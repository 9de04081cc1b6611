//! Extractors for axum: [`Principal`], `Option<Principal>`, [`Require`] and [`With`]. They need an
//! [`AuthLayer`] around the route.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::web::layer::{AuthLayer, Refused};
use crate::{Principal, Refusal};

pub(super) async fn principal(parts: &mut Parts) -> Result<Principal, Refused> {
    if let Some(principal) = parts.extensions.get::<Principal>() {
        return Ok(principal.clone());
    }
    let Some(layer) = parts.extensions.get::<AuthLayer>() else {
        return Err(Refusal::NoLayer.into());
    };
    let judged = layer.auth.authenticate_headers(&parts.headers).await;
    let principal = judged.map_err(|refusal| layer.refused(refusal))?;
    parts.extensions.insert(principal.clone());
    Ok(principal)
}

/// The rejection, in the response format of the layer around the route.
pub(super) fn refused(parts: &Parts, refusal: Refusal) -> Refused {
    parts.extensions.get::<AuthLayer>().map_or(refusal.into(), |layer| layer.refused(refusal))
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        principal(parts).await
    }
}

/// `None` without an `Authorization` header; an invalid token is rejected all the same.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refused> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return principal(parts).await.map(Some);
        }
        match parts.extensions.get::<AuthLayer>() {
            Some(_) => Ok(None),
            None => Err(Refusal::NoLayer.into()),
        }
    }
}

/// What a handler requires of its caller, as a type, so that it is part of the handler's signature.
pub trait Requirement: Send + Sync + 'static {
    /// Named in the response's `detail`, such as `the role admin`; not in the challenge.
    const NAME: &'static str;

    /// True if the caller meets it.
    fn is_met_by(principal: &Principal) -> bool;
}

/// A caller who meets a [`Requirement`]: 401 without a valid token, 403 otherwise.
#[derive(Clone, Debug)]
pub struct Require<R>(pub Principal, PhantomData<R>);

impl<R> Deref for Require<R> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<S: Send + Sync, R: Requirement> FromRequestParts<S> for Require<R> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let principal = principal(parts).await?;
        if R::is_met_by(&principal) {
            Ok(Self(principal, PhantomData))
        } else {
            Err(refused(parts, Refusal::Forbidden(R::NAME)))
        }
    }
}

/// A caller, and the token's claims as a type of yours: 401 if they do not fit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct With<T> {
    /// The caller.
    pub principal: Principal,
    /// The claims that your type reads.
    pub claims: T,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for With<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let principal = principal(parts).await?;
        match principal.claims_as() {
            Ok(claims) => Ok(Self { principal, claims }),
            Err(why) => {
                tracing::debug!(%why, "the claims of a valid token do not fit");
                Err(refused(parts, Refusal::Claims))
            }
        }
    }
}
