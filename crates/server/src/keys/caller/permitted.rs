//! `Permitted`: a caller with a required permission. An extractor in the handler's signature whose gate the
//! database checks together with the session in the round trip of the work, so a revoked role is effective
//! with the next request, whatever the token says.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Caller;
use crate::audit::Actor;
use crate::error::Error;
use crate::gate::{KeyScope, Needed};
use crate::http::origin_of;
use crate::keys::Keys;

/// A caller with the permission `P`: 401 without a session, 403 without the permission.
#[derive(Clone, Debug)]
pub struct Permitted<P> {
    /// The actor, for the use cases.
    pub actor: Actor,
    needs: PhantomData<P>,
}

impl<S, P> FromRequestParts<S> for Permitted<P>
where
    S: AsRef<Keys> + Send + Sync,
    P: Needed,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let caller = Caller::of(
            parts,
            state.as_ref(),
            Some(P::PERMISSION),
            Some(KeyScope::Of(P::PERMISSION)),
        )
        .await?;
        let origin = origin_of(parts);
        caller.leave_word(parts, Some(origin.clone()));
        let actor = Actor::caller(caller.gate, origin);
        Ok(Self { actor, needs: PhantomData })
    }
}
