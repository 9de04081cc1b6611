//! The issuers a service trusts, each with keys, an audience and a leeway of its own. The token's own
//! `iss` chooses among them, and is then held to what that issuer's keys prove. One issuer may be there
//! several times, with keys of different sources: then the `kid` chooses among those.

use std::sync::Arc;

use serde_json::Value;

use crate::issuer::one::Source;
use crate::token::foreign;
use crate::{Issuer, NotFetched, Principal, Rejection, Token};

/// Every issuer that is trusted; clones share what was fetched and proven.
#[derive(Clone, Debug)]
pub struct Issuers {
    all: Arc<[Issuer]>,
}

impl Issuers {
    /// Trusts these.
    pub fn new(all: impl IntoIterator<Item = Issuer>) -> Self {
        Self { all: all.into_iter().collect() }
    }

    /// What their tokens say in `iss`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Issuer::name)
    }

    /// Fetches the published keys of all of them now, so that the first request need not wait. All are
    /// tried; the first failure is returned. What failed is tried again in the background.
    pub async fn prefetch(&self, now: i64) -> Result<(), NotFetched> {
        let mut outcome = Ok(());
        for issuer in &*self.all {
            if let Source::Remote(keys) = issuer.source() {
                outcome = outcome.and(keys.prefetch(now).await);
            }
        }
        outcome
    }

    /// Whom the token speaks for, at the instant `now` (seconds since 1970).
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
