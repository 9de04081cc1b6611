//! A trusted issuer: its name, the source of its keys, the required claims, and the permissions of its roles.

use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};

#[cfg(feature = "http")]
use crate::http::Introspection;
use crate::token::foreign::{Expected, MAX_LEEWAY};
use crate::{KeySet, Principal, Rejection, RemoteKeys, Token, Verifier};

/// The source of an issuer's keys.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Fixed(Arc<KeySet>),
    Remote(RemoteKeys),
}

/// A trusted issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    name: Arc<str>,
    source: Source,
    audience: Option<String>,
    leeway: i64,
    typ: Option<&'static str>,
    is_doorward: bool,
    grants: Vec<(String, Vec<String>)>,
    #[cfg(feature = "http")]
    introspection: Option<Introspection>,
    /// The verifier for the most recent keys.
    ready: Arc<RwLock<Option<Verifier>>>,
}

impl Issuer {
    /// A Doorward server whose tokens have `iss: name`, with keys known in advance: those of its shared
    /// secret.
    pub fn doorward(name: &str, keys: KeySet) -> Self {
        Self::from(name, Source::Fixed(Arc::new(keys)), true)
    }

    /// A Doorward server whose tokens have `iss: name`, with the keys it publishes.
    pub fn doorward_at(name: &str, keys: RemoteKeys) -> Self {
        Self::from(name, Source::Remote(keys), true)
    }

    /// Another issuer, with keys known in advance.
    pub fn other(name: &str, keys: KeySet) -> Self {
        Self::from(name, Source::Fixed(Arc::new(keys)), false)
    }

    /// Another issuer, with the keys it publishes.
    pub fn other_at(name: &str, keys: RemoteKeys) -> Self {
        Self::from(name, Source::Remote(keys), false)
    }

    fn from(name: &str, source: Source, is_doorward: bool) -> Self {
        if let Source::Fixed(keys) = &source
            && keys.keys().is_empty()
        {
            tracing::error!(issuer = name, "an issuer without keys: all its tokens are refused");
        }
        Self {
            name: name.into(),
            source,
            audience: None,
            leeway: 0,
            typ: None,
            is_doorward,
            grants: Vec::new(),
            #[cfg(feature = "http")]
            introspection: None,
            ready: Arc::default(),
        }
    }

    /// Requires this audience.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self.ready = Arc::default();
        self
    }

    /// Accepts tokens this many seconds after their `exp`, to allow for clock skew; 30 at most.
    #[must_use]
    pub fn leeway(mut self, seconds: u8) -> Self {
        self.leeway = i64::from(seconds).min(MAX_LEEWAY);
        self.ready = Arc::default();
        self
    }

    /// Requires this `typ` in a Doorward server's tokens: `JWT` if it uses `TOKEN_PROFILE=neon` and an
    /// audience.
    #[must_use]
    pub fn typed(mut self, typ: &'static str) -> Self {
        self.typ = Some(typ);
        self.ready = Arc::default();
        self
    }

    /// Grants callers with this role these permissions in this service, in addition to those in the token;
    /// `*` grants all. See [`Principal::has_permission`].
    #[must_use]
    pub fn grants<P: Into<String>>(
        mut self,
        role: impl Into<String>,
        permissions: impl IntoIterator<Item = P>,
    ) -> Self {
        self.grants.push((role.into(), permissions.into_iter().map(Into::into).collect()));
        self
    }

    /// Asks the issuer whether each token with a valid signature is still active (RFC 7662), so that
    /// sign-outs take effect here too, after [`Introspection::keep_for`] seconds.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn confirmed_by(mut self, introspection: Introspection) -> Self {
        self.introspection = Some(introspection);
        self
    }

    /// The issuer name: the `iss` of its tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Whether this key is in the cache.
    pub(crate) fn knows(&self, kid: &str, now: i64) -> bool {
        match &self.source {
            Source::Fixed(keys) => keys.find(kid).is_some(),
            Source::Remote(remote) => remote.knows(kid, now),
        }
    }

    /// The principal of the token, if this issuer signed it, at the time `now` (seconds since 1970).
    pub async fn verify(&self, token: &str, now: i64) -> Result<Principal, Rejection> {
        let keys = match &self.source {
            Source::Fixed(keys) => Arc::clone(keys),
            Source::Remote(remote) => {
                let kid = Token::split(token)?.header()?.kid;
                remote.keys(kid.as_deref(), now).await?
            }
        };
        let claims = self.proven(keys, token, now)?;
        let claims = self.confirmed(token, claims, now).await?;
        let mut principal =
            Principal::from_claims(&*self.name, claims).ok_or(Rejection::BadClaims)?;
        for (role, permissions) in &self.grants {
            if principal.has_role(role) {
                principal.permissions.extend(permissions.iter().cloned());
            }
        }
        Ok(principal)
    }

    fn proven(
        &self,
        keys: Arc<KeySet>,
        token: &str,
        now: i64,
    ) -> Result<Map<String, Value>, Rejection> {
        if !self.is_doorward {
            let expected = Expected {
                issuer: Some((*self.name).to_owned()),
                audience: self.audience.clone(),
                leeway: self.leeway,
            };
            return expected.verify(&keys, token, now);
        }
        self.verifier(keys).verify(token, now)?;
        crate::token::foreign::parse(&Token::split(token)?.payload()?).ok_or(Rejection::BadClaims)
    }

    /// The verifier for these keys, cached because creating one is too expensive for a request.
    fn verifier(&self, keys: Arc<KeySet>) -> Verifier {
        let ready = self.ready.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(verifier) = ready.filter(|it| std::ptr::eq(it.keys(), keys.as_ref())) {
            return verifier;
        }
        let verifier =
            Verifier::new(keys, &self.name, self.audience.as_deref()).leeway(self.leeway);
        let verifier = match self.typ {
            Some(typ) => verifier.typed(typ),
            None => verifier,
        };
        *self.ready.write().unwrap_or_else(PoisonError::into_inner) = Some(verifier.clone());
        verifier
    }

    #[cfg(not(feature = "http"))]
    #[allow(clippy::unused_async, reason = "the other one waits")]
    async fn confirmed(
        &self,
        _: &str,
        claims: Map<String, Value>,
        _: i64,
    ) -> Result<Map<String, Value>, Rejection> {
        Ok(claims)
    }

    /// The claims, updated with the issuer's introspection response.
    #[cfg(feature = "http")]
    async fn confirmed(
        &self,
        token: &str,
        mut claims: Map<String, Value>,
        now: i64,
    ) -> Result<Map<String, Value>, Rejection> {
        let Some(introspection) = &self.introspection else { return Ok(claims) };
        let said = introspection.ask(token, now).await?;
        for name in ["sub", "iss"] {
            if said.get(name).is_some_and(|value| Some(value) != claims.get(name)) {
                return Err(Rejection::Inactive);
            }
        }
        for name in ["roles", "permissions", "scope"] {
            if let Some(value) = said.get(name) {
                claims.insert(name.to_owned(), value.clone());
            }
        }
        Ok(claims)
    }
}
