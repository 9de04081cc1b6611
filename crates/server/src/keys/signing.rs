//! Signs and verifies access tokens: with the shared secret, or with a key pair if `TOKEN_ALGORITHM` says so.
//! Previous secrets and retired pairs still verify.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_verify::{Algorithm, Claims, Rejection, Token, encoded_header, key_id};
use serde::Serialize;

use super::caller::Cookies;
use super::foreign::{Admitted, Examined, Foreign, Survey};
use super::key_ring::KeyRing;
use super::signing_key::{LOOK_AGAIN, PUBLISH_AGAIN, SIGN_AGAIN};
use crate::clock::Clock;
use crate::config::{Settings, TokenProfile};
use crate::db::Database;
use crate::error::Error;
use crate::gate::{Gate, Via};
use crate::http::origin_of;
use crate::limiter::RateLimiter;

/// The role that `PostgREST`, and so Neon's Data API, gives callers in its database. Not used here.
const DATABASE_ROLE: &str = "authenticated";

/// An access token's claims, and a role for others.
#[derive(Serialize)]
struct WithRole<'a> {
    #[serde(flatten)]
    claims: &'a Claims,
    role: &'static str,
}

/// Signs and verifies access tokens; clones share the keys.
#[derive(Clone, Debug)]
pub struct Keys {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ring: KeyRing,
    algorithm: Algorithm,
    typ: &'static str,
    /// The role in tokens for another database.
    role: Option<&'static str>,
    secret: hmac::Key,
    /// The header of tokens signed with the shared secret, including the dot.
    header: String,
    /// Verifies other issuers' tokens.
    foreign: Arc<dyn Foreign>,
    /// The cookie that is accepted without a token.
    cookies: Option<Cookies>,
    /// Counts the requests with each API key.
    limiter: RateLimiter,
}

impl Keys {
    /// The keys of these settings and this database; nothing is read yet. Tokens that `foreign` verifies are
    /// accepted too.
    pub fn new(
        settings: &Arc<Settings>,
        clock: Clock,
        db: Database,
        foreign: Arc<dyn Foreign>,
    ) -> Self {
        let secret = settings.secret.bytes();
        let typ = settings.token_type();
        let inner = Inner {
            algorithm: settings.token_algorithm,
            typ,
            role: (settings.token_profile == TokenProfile::Neon).then_some(DATABASE_ROLE),
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret),
            header: format!("{}.", encoded_header(Algorithm::Hs256, &key_id(secret), typ)),
            limiter: RateLimiter::new(Arc::clone(settings), clock.clone(), db.metrics().clone()),
            ring: KeyRing::new(settings, clock, db),
            foreign,
            cookies: Cookies::of(settings),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The clock that tokens are checked with.
    pub fn clock(&self) -> &Clock {
        &self.inner.ring.clock
    }

    /// Counts the requests by each API key.
    pub(super) fn limiter(&self) -> &RateLimiter {
        &self.inner.limiter
    }

    pub(super) fn ring(&self) -> &KeyRing {
        &self.inner.ring
    }

    pub(super) fn cookies(&self) -> Option<&Cookies> {
        self.inner.cookies.as_ref()
    }

    /// Signs the claims: a compact JWS (RFC 7515 §7.1).
    pub async fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let internal = |error: &str| Error::Internal(error.into());
        let payload = match self.inner.role {
            None => serde_json::to_vec(claims),
            Some(role) => serde_json::to_vec(&WithRole { claims, role }),
        };
        let payload = payload.map_err(|error| internal(&error.to_string()))?;
        let payload = URL_SAFE_NO_PAD.encode(payload);
        if self.inner.algorithm.is_symmetric() {
            let signed = format!("{}{payload}", self.inner.header);
            let tag = hmac::sign(&self.inner.secret, signed.as_bytes());
            return Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag)));
        }
        let ring = self.inner.ring.fresh(SIGN_AGAIN).await?;
        let (algorithm, now) = (self.inner.algorithm.name(), self.clock().now());
        let (kid, pair) = ring.signer(algorithm, now).ok_or(Error::Unavailable(
            "No signing key is available; the server's operator can create one.",
        ))?;
        let header = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"{}"}}"#, self.inner.typ);
        let signed = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header));
        let signature = pair.sign(signed.as_bytes()).ok_or_else(|| internal("signing failed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a valid access token, or the check that failed. Only a token that names a key pair can
    /// cause a database read: at most one a minute, or every few seconds for an unknown pair.
    pub async fn judge(&self, token: &str) -> Result<Result<Claims, Rejection>, Error> {
        let now = self.clock().now().unix_timestamp();
        if token.starts_with(&self.inner.header) || !names_a_pair(token) {
            return Ok(self.inner.ring.at_hand().verifier.verify(token, now));
        }
        // Boxed, because otherwise every request's future would have room for it.
        Box::pin(self.judge_by_pair(token, now)).await
    }

    async fn judge_by_pair(
        &self,
        token: &str,
        now: i64,
    ) -> Result<Result<Claims, Rejection>, Error> {
        let judged = self.inner.ring.fresh(LOOK_AGAIN).await?.verifier.verify(token, now);
        if judged != Err(Rejection::UnknownKey) {
            return Ok(judged);
        }
        Ok(self.inner.ring.fresh(PUBLISH_AGAIN).await?.verifier.verify(token, now))
    }

    /// The local user of another issuer's token, which failed Doorward's own check with `rejection`. For a
    /// token that names one of our keys that is final.
    pub(super) async fn admit(
        &self,
        token: &str,
        parts: &Parts,
        rejection: Rejection,
    ) -> Result<Admitted, Error> {
        let admitted = match self.foreign_after(rejection) {
            Some(foreign) => foreign.admit(token, origin_of(parts)).await?,
            None => None,
        };
        admitted.ok_or_else(|| refused(rejection))
    }

    /// The local user of a session cookie.
    pub(super) async fn admit_cookie(&self, value: &str, parts: &Parts) -> Result<Admitted, Error> {
        self.inner.foreign.admit_cookie(value, origin_of(parts)).await
    }

    /// What [`Keys::admit`] would find about such a token; otherwise what would make it valid.
    pub async fn examine_foreign(
        &self,
        token: &str,
        rejection: Rejection,
    ) -> Result<Examined, Vec<String>> {
        match self.foreign_after(rejection) {
            Some(foreign) => foreign.examine(token).await,
            None => Err(Vec::new()),
        }
    }

    /// Facts about other issuers here.
    pub async fn survey_foreign(&self) -> Result<Survey, Error> {
        self.inner.foreign.survey().await
    }

    /// Who verifies a token that is not Doorward's own for this reason.
    fn foreign_after(&self, rejection: Rejection) -> Option<&dyn Foreign> {
        let may_be_foreign = matches!(rejection, Rejection::UnknownKey | Rejection::Malformed);
        may_be_foreign.then(|| self.inner.foreign.as_ref())
    }

    /// Drops an identity or an imported session from the cache that no longer passes the gate.
    pub(super) fn forget(&self, gate: &Gate) {
        if matches!(gate.via, Via::Identity | Via::Imported) {
            self.inner.foreign.forget(gate.session_id);
        }
    }
}

/// The error for a rejected token.
pub fn refused(rejection: Rejection) -> Error {
    match rejection {
        Rejection::Expired => Error::TokenExpired,
        Rejection::KeysUnavailable { .. } => Error::Unavailable(
            "The issuer of this token cannot be reached to verify it; try again shortly.",
        ),
        other => Error::InvalidToken(other.message()),
    }
}

/// True if the header's key id is a SHA-256 thumbprint, as for all pairs.
fn names_a_pair(token: &str) -> bool {
    let header = Token::split(token).and_then(|token| token.header());
    let kid = header.ok().and_then(|header| header.kid).unwrap_or_default();
    kid.len() == 43 && URL_SAFE_NO_PAD.decode(&kid).is_ok()
}
