//! `Caller`: the caller according to the bearer token, or to a cookie if accepted. An extractor, so
//! authentication happens before any body is read; the session itself is checked by the `gate` in the round
//! trip of the work.

mod cookie;
mod decided_first;
mod permitted;

pub(super) use cookie::Cookies;
pub use decided_first::DecideFirst;
pub use permitted::Permitted;

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use uuid::Uuid;

use super::Keys;
use super::foreign::Admitted;
use super::key_text::PresentedKey;
use crate::audit::Actor;
use crate::error::Error;
use crate::gate::{Authority, Gate, KeyScope, KeyUse, Permission, Via};
use crate::http::{ClientIp, origin_of, request_id};
use crate::input::Origin;
use decided_first::Verified;

/// The holder of a verified access token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user's id.
    pub user_id: Uuid,
    /// The session of the token; for another issuer's token, its imported session or its identity here; for
    /// an API key, its id.
    pub session_id: Uuid,
    /// The user's id in another issuer's token.
    pub subject: Option<String>,
    /// What the database checks with the work.
    pub gate: Gate,
}

impl<S> FromRequestParts<S> for Caller
where
    S: AsRef<Keys> + Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Self::of(parts, state.as_ref(), None, None)
            .await
            .inspect(|caller| caller.leave_word(parts, None))
    }
}

impl Caller {
    /// The caller of this request, who may use an API key with `scope`.
    pub async fn within(parts: &Parts, keys: &Keys, scope: KeyScope) -> Result<Self, Error> {
        let caller = Self::of(parts, keys, None, Some(scope)).await?;
        caller.leave_word(parts, caller.gate.key().map(|_| origin_of(parts)));
        Ok(caller)
    }

    /// The caller of this request, whose gate also requires `permission`. An API key is accepted if there is
    /// a `scope` for it.
    pub(super) async fn of(
        parts: &Parts,
        keys: &Keys,
        permission: Option<Permission>,
        scope: Option<KeyScope>,
    ) -> Result<Self, Error> {
        if let Some(cookies) = keys.cookies()
            && !parts.headers.contains_key(header::AUTHORIZATION)
        {
            let admitted = keys.admit_cookie(cookies.credential(parts)?, parts).await?;
            return Ok(Self::foreign(admitted, keys, permission));
        }
        let token = bearer(parts)?;
        let claims = match keys.judge(token).await? {
            Ok(claims) => claims,
            Err(rejection) => {
                if let Some(key) = PresentedKey::of(token) {
                    return Box::pin(Self::by_key(key?, parts, keys, permission, scope)).await;
                }
                let admitted = keys.admit(token, parts, rejection).await?;
                return Ok(Self::foreign(admitted, keys, permission));
            }
        };
        let bad = || Error::InvalidToken("The token lacks a claim or has one of the wrong type.");
        let user_id = Uuid::try_parse(&claims.sub).map_err(|_| bad())?;
        let session_id = Uuid::try_parse(&claims.sid).map_err(|_| bad())?;
        let (generation, now) = (claims.generation, keys.clock().now());
        let via = Via::Session;
        let gate = Gate { user_id, via, session_id, generation, now, permission };
        Ok(Self { user_id, session_id, subject: None, gate })
    }

    /// The caller with an API key. For a rejected use, it is also checked whether the key is valid.
    async fn by_key(
        key: PresentedKey,
        parts: &Parts,
        keys: &Keys,
        permission: Option<Permission>,
        scope: Option<KeyScope>,
    ) -> Result<Self, Error> {
        let (user_id, session_id, now) = (key.owner, key.id, keys.clock().now());
        let address = match ClientIp::of(&parts.extensions).0 {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let via = Via::Key(KeyUse { scope, address: address.octets() });
        let gate = Gate { user_id, via, session_id, generation: 1, now, permission };
        let caller = Self { user_id, session_id, subject: None, gate };
        keys.limiter().take_key(session_id).await?;
        if scope.is_none() {
            caller.leave_word(parts, Some(origin_of(parts)));
            return Err(Error::KeyNotTaken);
        }
        Ok(caller)
    }

    /// The caller with another issuer's token.
    fn foreign(admitted: Admitted, keys: &Keys, permission: Option<Permission>) -> Self {
        let Admitted { user_id, via, id: session_id, subject } = admitted;
        let (now, generation) = (keys.clock().now(), 0);
        let gate = Gate { user_id, via, session_id, generation, now, permission };
        Self { user_id, session_id, subject, gate }
    }

    /// Stores a verified caller for the layer that decides authentication first.
    pub(super) fn leave_word(&self, parts: &Parts, origin: Option<Origin>) {
        request_id::acts(self.user_id, self.gate.session());
        if let Some(verified) = parts.extensions.get::<Verified>() {
            verified.note(self.gate, origin);
        }
    }
}

/// Rejects API keys, for what they must not do with any scope.
pub fn no_key(actor: &Actor) -> Result<(), Error> {
    match actor.authority {
        Authority::Caller(gate) if gate.key().is_some() => Err(Error::KeyNotTaken),
        _ => Ok(()),
    }
}

/// The token of the single `Authorization` header (RFC 6750 §2.1).
fn bearer(parts: &Parts) -> Result<&str, Error> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Error::NotAuthenticated);
    };
    let value = value.to_str().map_err(|_| Error::NotAuthenticated)?;
    let (scheme, token) = value.split_once(' ').ok_or(Error::NotAuthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::NotAuthenticated);
    }
    Ok(token.trim_matches(' '))
}
