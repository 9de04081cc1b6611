//! Verifies Doorward's own access tokens, in the order of RFC 8725: first the signature by a known key, then
//! claims and their types. Never panics, fetches nothing, and is cheap, because it runs with every request.
//! Stricter than the RFC: only the header members that Doorward writes are allowed.

use std::sync::Arc;

use crate::token::foreign::MAX_LEEWAY;
use crate::{Claims, Key, KeySet, Rejection, Token};

pub(crate) const LEEWAY_NBF: i64 = 30;

/// The keys, issuer and audience that tokens must have; clones share them.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Arc<KeySet>,
    /// The usual header of each key's tokens, which then need not be parsed.
    headers: Arc<[String]>,
    typ: &'static str,
    issuer: Arc<str>,
    audience: Option<Arc<str>>,
    leeway: i64,
}

/// The `typ` of access tokens: RFC 9068 applies only with an audience.
pub fn token_type(audience: Option<&str>) -> &'static str {
    if audience.is_some() { "at+jwt" } else { "JWT" }
}

impl Verifier {
    /// Accepts tokens of `issuer` signed with one of the keys.
    pub fn new(keys: impl Into<Arc<KeySet>>, issuer: &str, audience: Option<&str>) -> Self {
        let keys = keys.into();
        let typ = token_type(audience);
        let headers = keys.keys().iter().map(|key| key.header(typ)).collect();
        let audience = audience.map(Into::into);
        Self { keys, headers, typ, issuer: issuer.into(), audience, leeway: 0 }
    }

    /// Requires this `typ` instead of the one implied by the audience: `JWT` for a Doorward server with
    /// `TOKEN_PROFILE=neon`.
    #[must_use]
    pub fn typed(mut self, typ: &'static str) -> Self {
        self.headers = self.keys.keys().iter().map(|key| key.header(typ)).collect();
        self.typ = typ;
        self
    }

    /// Accepts tokens this many seconds after their `exp`, 30 at most.
    #[must_use]
    pub fn leeway(mut self, seconds: i64) -> Self {
        self.leeway = seconds.clamp(0, MAX_LEEWAY);
        self
    }

    /// The keys.
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// The claims of a valid token, at the time `now` (seconds since 1970).
    pub fn verify(&self, token: &str, now: i64) -> Result<Claims, Rejection> {
        let token = Token::split(token)?;
        let key = self.key(&token)?;
        token.prove(key, now)?;
        let (claims, not_before) = Claims::parse(&token.payload()?).ok_or(Rejection::BadClaims)?;
        if claims.exp.saturating_add(self.leeway) <= now {
            return Err(Rejection::Expired);
        }
        if not_before.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_NBF)) {
            return Err(Rejection::NotYetValid);
        }
        if claims.iss != *self.issuer {
            return Err(Rejection::WrongIssuer);
        }
        if claims.aud.as_deref() != self.audience.as_deref() {
            return Err(Rejection::WrongAudience);
        }
        token.remember(key, claims.exp, now);
        Ok(claims)
    }

    /// The key named by the token's header, which may only contain `alg`, `kid` and `typ`.
    fn key(&self, token: &Token<'_>) -> Result<&Key, Rejection> {
        let encoded = token.encoded_header();
        if let Some(place) = self.headers.iter().position(|header| header == encoded) {
            return self.keys.keys().get(place).ok_or(Rejection::UnknownKey);
        }
        let header = token.header()?;
        if header.has_others {
            return Err(Rejection::Malformed);
        }
        let key = header.key(&self.keys)?;
        if header.typ.as_deref() != Some(self.typ) {
            return Err(Rejection::Malformed);
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_header_is_the_header_that_would_be_parsed() {
        let verifier = KeySet::of_secrets(["a test secret of more than thirty-two bytes"]).unwrap();
        let verifier = Verifier::new(verifier, "doorward", None);
        let token = format!("{}.e30.AA", verifier.headers[0]);
        let header = Token::split(&token).unwrap().header().unwrap();
        assert_eq!(header.alg.as_deref(), Some("HS256"));
        assert_eq!(header.kid.as_deref(), Some(verifier.keys().keys()[0].kid()));
        assert_eq!(header.typ.as_deref(), Some("JWT"));
        assert!(!header.has_others);
    }
}
