//! The trusted issuers, each with its own keys, audience and leeway. The token's `iss` selects the issuer,
//! whose keys must then verify it. An issuer can occur several times with keys from different sources; then
//! the `kid` selects among those.

use std::sync::Arc;

use serde_json::Value;

use crate::issuer::one::Source;
use crate::token::foreign;
use crate::{Issuer, NotFetched, Principal, Rejection, Token};

/// All trusted issuers; clones share the caches.
#[derive(Clone, Debug)]
pub struct Issuers {
    all: Arc<[Issuer]>,
}

impl Issuers {
    /// Trusts these issuers.
    pub fn new(all: impl IntoIterator<Item = Issuer>) -> Self {
        Self { all: all.into_iter().collect() }
    }

    /// The issuer names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Issuer::name)
    }

    /// Fetches the published keys of all issuers now, so that the first request does not have to wait. Tries
    /// all and returns the first error. Failed fetches are retried in the background.
    pub async fn prefetch(&self, now: i64) -> Result<(), NotFetched> {
        let mut outcome = Ok(());
        for issuer in &*self.all {
            if let Source::Remote(keys) = issuer.source() {
                outcome = outcome.and(keys.prefetch(now).await);
            }
        }
        outcome
    }

    /// The principal of the token at the time `now` (seconds since 1970).
    pub async fn verify(&self, token: &str, now: i64) -> Result<Principal, Rejection> {
        let parts = Token::split(token)?;
        let claims = foreign::parse(&parts.payload()?).ok_or(Rejection::BadClaims)?;
        let claimed = claims.get("iss").and_then(Value::as_str).ok_or(Rejection::WrongIssuer)?;
        let mut named = self.all.iter().filter(|one| one.name() == claimed);
        let first = named.next().ok_or(Rejection::WrongIssuer)?;
        if named.next().is_none() {
            return first.verify(token, now).await;
        }
        let kid = parts.header()?.kid.ok_or(Rejection::UnknownKey)?;
        let named = || self.all.iter().filter(|one| one.name() == claimed);
        if let Some(issuer) = named().find(|one| one.knows(&kid, now)) {
            return issuer.verify(token, now).await;
        }
        let mut outcome = Rejection::UnknownKey;
        for issuer in named() {
            match issuer.verify(token, now).await {
                Err(Rejection::UnknownKey) => {}
                Err(away @ Rejection::KeysUnavailable { .. }) => outcome = away,
                judged => return judged,
            }
        }
        Err(outcome)
    }
}
