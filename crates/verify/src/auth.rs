//! Authenticates requests in any framework: from the `Authorization` header to the caller.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use serde_json::Value;

use crate::token::foreign;
use crate::{Issuer, Issuers, NotFetched, Principal, Refusal, Rejection, Token};

/// Returns the time in seconds since 1970.
type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Verifies the tokens of requests. In axum it is a layer; other frameworks call [`Auth::authenticate`].
#[derive(Clone)]
pub struct Auth {
    issuers: Issuers,
    now: Now,
    /// Whether the hint has been logged.
    has_advised: Arc<AtomicBool>,
}

impl fmt::Debug for Auth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Auth").field(&self.issuers).finish()
    }
}

impl Auth {
    /// Trusts these issuers and uses the system clock.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Self {
        Self::with_clock(issuers, || {
            #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        })
    }

    /// Trusts these issuers and uses the given clock: seconds since 1970.
    pub fn with_clock(
        issuers: impl IntoIterator<Item = Issuer>,
        now: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        let issuers = Issuers::new(issuers);
        if issuers.names().next().is_none() {
            tracing::error!("no issuer is trusted: every token is rejected");
        }
        Self { issuers, now: Arc::new(now), has_advised: Arc::default() }
    }

    /// The current time according to the clock that tokens are checked with: seconds since 1970.
    #[cfg(feature = "axum")]
    pub(crate) fn now(&self) -> i64 {
        (self.now)()
    }

    /// Fetches the issuers' published keys now, so that the first request does not have to wait. An error
    /// need not be fatal: fetching is retried in the background until it succeeds.
    pub async fn prefetch(&self) -> Result<(), NotFetched> {
        self.issuers.prefetch((self.now)()).await
    }

    /// The caller of a request with this `Authorization` header, in any framework:
    ///
    /// ```
    /// # async fn example(auth: &doorward_verify::Auth, header: Option<&str>) -> (u16, String) {
    /// match auth.authenticate(header).await {
    ///     Ok(principal) => (200, principal.subject),
    ///     Err(refusal) => (refusal.status(), refusal.problem()),
    /// }
    /// # }
    /// ```
    ///
    /// Reject requests with more than one such header, or use
    /// [`authenticate_headers`](Self::authenticate_headers), which does so.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Principal, Refusal> {
        let token = authorization.and_then(bearer).ok_or(Refusal::NotAuthenticated)?;
        let judged = self.issuers.verify(token, (self.now)()).await;
        if judged == Err(Rejection::WrongIssuer) {
            self.advise(token);
        }
        judged.map_err(Refusal::Token)
    }

    /// The same for a `HeaderMap` of the crate `http`, which hyper, tonic and others use.
    #[cfg(any(feature = "axum", feature = "http"))]
    pub async fn authenticate_headers(
        &self,
        headers: &http::HeaderMap,
    ) -> Result<Principal, Refusal> {
        let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
        let authorization = match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        };
        self.authenticate(authorization).await
    }

    /// A wrong issuer name is the most common setup mistake, and a 401 does not reveal it. Logged only once,
    /// because anybody can send such tokens.
    fn advise(&self, token: &str) {
        if self.has_advised.swap(true, Ordering::Relaxed) {
            return;
        }
        let claims = Token::split(token).and_then(|it| it.payload()).ok();
        let claims = claims.and_then(|payload| foreign::parse(&payload)).unwrap_or_default();
        let claimed = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let claimed: String = claimed.chars().take(100).collect();
        let trusted: Vec<_> = self.issuers.names().collect();
        tracing::warn!(
            ?claimed,
            ?trusted,
            "a token of an issuer that is not trusted. If it is yours, create the `Issuer` with the `iss` \
             of its tokens: TOKEN_ISSUER, else PUBLIC_URL, else `doorward`. This is logged once"
        );
    }
}

/// The token of an `Authorization` header (RFC 6750 §2.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}
