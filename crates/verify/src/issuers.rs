//! The issuers a service trusts, each with keys, an audience and a leeway of its own. The token's own
//! `iss` chooses among them, and is then held to what that issuer's keys prove.

use std::sync::Arc;

use serde_json::Value;

use crate::foreign::{self, Expected};
use crate::{KeySet, Principal, Rejection, RemoteKeys, Token, Verifier};

/// Where an issuer's keys come from.
#[derive(Clone, Debug)]
enum Source {
    Fixed(Arc<KeySet>),
    Remote(RemoteKeys),
}

/// One trusted issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    name: String,
    source: Source,
    audience: Option<String>,
    leeway: i64,
    is_doorward: bool,
}

impl Issuer {
    /// A Doorward whose tokens say `iss: name`, by keys known in advance: its shared secret's.
    pub fn doorward(name: &str, keys: KeySet) -> Self {
        Self::from(name, Source::Fixed(Arc::new(keys)), true)
    }

    /// A Doorward whose tokens say `iss: name`, by the keys it publishes.
    pub fn doorward_at(name: &str, keys: RemoteKeys) -> Self {
        Self::from(name, Source::Remote(keys), true)
    }

    /// Another issuer, by keys known in advance.
    pub fn other(name: &str, keys: KeySet) -> Self {
        Self::from(name, Source::Fixed(Arc::new(keys)), false)
    }

    /// Another issuer, by the keys it publishes.
    pub fn other_at(name: &str, keys: RemoteKeys) -> Self {
        Self::from(name, Source::Remote(keys), false)
    }

    fn from(name: &str, source: Source, is_doorward: bool) -> Self {
        Self { name: name.into(), source, audience: None, leeway: 0, is_doorward }
    }

    /// Requires this audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Accepts tokens this many seconds past their `exp`, 30 at most; another issuer's only.
    #[must_use]
    pub fn leeway(mut self, seconds: u8) -> Self {
        self.leeway = seconds.min(30).into();
        self
    }

    /// What its tokens say in `iss`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whom the token speaks for, if this issuer signed it.
    pub async fn verify(&self, token: &str, now: i64) -> Result<Principal, Rejection> {
        let parts = Token::split(token)?;
        let keys = match &self.source {
            Source::Fixed(keys) => Arc::clone(keys),
            Source::Remote(remote) => remote.keys(parts.header()?.kid.as_deref(), now).await?,
        };
        let claims = if self.is_doorward {
            let verifier = Verifier::new((*keys).clone(), &self.name, self.audience.as_deref());
            verifier.verify(token, now)?;
            foreign::parse(&parts.payload()?).ok_or(Rejection::BadClaims)?
        } else {
            let issuer = Some(self.name.clone());
            let expected =
                Expected { issuer, audience: self.audience.clone(), leeway: self.leeway };
            expected.verify(&keys, token, now)?
        };
        Principal::new(&self.name, claims).ok_or(Rejection::BadClaims)
    }
}

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

    /// Whom the token speaks for, at the instant `now` (seconds since 1970).
    pub async fn verify(&self, token: &str, now: i64) -> Result<Principal, Rejection> {
        let payload = Token::split(token)?.payload()?;
        let claims = foreign::parse(&payload).ok_or(Rejection::BadClaims)?;
        let claimed = claims.get("iss").and_then(Value::as_str).ok_or(Rejection::WrongIssuer)?;
        let issuer =
            self.all.iter().find(|one| one.name == claimed).ok_or(Rejection::WrongIssuer)?;
        issuer.verify(token, now).await
    }
}
