//! For axum services: [`Auth`] as a layer, [`Principal`] and [`Require`] as extractors. Only the
//! `Authorization` header is read. A token is verified once per request, before the body is read;
//! refusals are problem documents (RFC 9457) with the challenge of RFC 6750 §3.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tower::{Layer, Service};

use crate::{Issuer, Issuers, Principal, Rejection};

/// Tells the time, in seconds since 1970.
type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Verifies the tokens of requests. As a layer it lets every request pass and serves the extractors;
/// [`Auth::required`] lets only verified ones pass.
#[derive(Clone)]
pub struct Auth {
    issuers: Issuers,
    now: Now,
}

impl fmt::Debug for Auth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Auth").field(&self.issuers).finish()
    }
}

impl Auth {
    /// Trusts these issuers, by the system's clock.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Self {
        Self::with_clock(issuers, || {
            #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
        })
    }

    /// Trusts these issuers, by another clock.
    pub fn with_clock(
        issuers: impl IntoIterator<Item = Issuer>,
        now: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        Self { issuers: Issuers::new(issuers), now: Arc::new(now) }
    }

    /// The layer that refuses requests without a valid token before they reach a handler.
    #[must_use]
    pub fn required(&self) -> AuthLayer {
        AuthLayer { auth: self.clone(), is_required: true }
    }

    /// The layer that serves the extractors and refuses nothing itself.
    #[must_use]
    pub fn layer(&self) -> AuthLayer {
        AuthLayer { auth: self.clone(), is_required: false }
    }

    async fn verify(&self, parts: &Parts) -> Result<Principal, Refused> {
        let token = bearer(parts).ok_or(Refused::NotAuthenticated)?.to_owned();
        self.issuers.verify(&token, (self.now)()).await.map_err(Refused::Token)
    }
}

/// The token of the one `Authorization` header (RFC 6750 §2.1).
fn bearer(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// Made by [`Auth::layer`] and [`Auth::required`].
#[derive(Clone, Debug)]
pub struct AuthLayer {
    auth: Auth,
    is_required: bool,
}

impl<S> Layer<S> for AuthLayer {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticated { inner, layer: self.clone() }
    }
}

/// A service behind an [`AuthLayer`].
#[derive(Clone, Debug)]
pub struct Authenticated<S> {
    inner: S,
    layer: AuthLayer,
}

impl<S> Service<Request> for Authenticated<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The service that was polled ready is the one to call.
        let unpolled = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, unpolled);
        let AuthLayer { auth, is_required } = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            if is_required {
                match auth.verify(&parts).await {
                    Ok(principal) => drop(parts.extensions.insert(principal)),
                    Err(refused) => return Ok(refused.into_response()),
                }
            }
            parts.extensions.insert(auth);
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        if let Some(principal) = parts.extensions.get::<Self>() {
            return Ok(principal.clone());
        }
        let auth = parts.extensions.get::<Auth>().cloned().ok_or(Refused::NoLayer)?;
        let principal = auth.verify(parts).await?;
        parts.extensions.insert(principal.clone());
        Ok(principal)
    }
}

/// What a handler asks of its caller; a type for each, so that the handler's signature names it.
pub trait Requirement: Send + Sync + 'static {
    /// What the refusal's `detail` names, such as `the role admin`; the challenge does not.
    const NAME: &'static str;

    /// True if the caller may.
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

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let principal = Principal::from_request_parts(parts, state).await?;
        if R::is_met_by(&principal) {
            Ok(Self(principal, PhantomData))
        } else {
            Err(Refused::Forbidden(R::NAME))
        }
    }
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No usable `Authorization` header.
    NotAuthenticated,
    /// The token was refused.
    Token(Rejection),
    /// A valid token of somebody who may not.
    Forbidden(&'static str),
    /// A bug of the service: the route has no [`AuthLayer`].
    NoLayer,
}

impl Refused {
    fn parts(self) -> (StatusCode, &'static str, &'static str, String) {
        let text = |text: &str| text.to_owned();
        match self {
            Self::NotAuthenticated => (
                StatusCode::UNAUTHORIZED,
                "not_authenticated",
                "Not authenticated",
                text("Not authenticated"),
            ),
            Self::Token(Rejection::KeysUnavailable) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Unavailable",
                text(Rejection::KeysUnavailable.message()),
            ),
            Self::Token(Rejection::Expired) => (
                StatusCode::UNAUTHORIZED,
                "token_expired",
                "Token expired",
                text(Rejection::Expired.message()),
            ),
            Self::Token(other) => {
                (StatusCode::UNAUTHORIZED, "invalid_token", "Invalid token", text(other.message()))
            }
            Self::Forbidden(name) => (
                StatusCode::FORBIDDEN,
                "insufficient_scope",
                "Insufficient scope",
                format!("This needs {name}."),
            ),
            Self::NoLayer => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
                text("Something went wrong on our side."),
            ),
        }
    }

    /// RFC 6750 §3: no error code where no token was sent.
    fn challenge(self) -> Option<String> {
        match self {
            Self::NotAuthenticated => Some("Bearer".into()),
            Self::Token(Rejection::KeysUnavailable) | Self::NoLayer => None,
            Self::Token(other) => {
                let why = other.message();
                Some(format!(r#"Bearer error="invalid_token", error_description="{why}""#))
            }
            // No `scope`: a requirement's name is a sentence, and would read as a scope for each word.
            Self::Forbidden(_) => Some(r#"Bearer error="insufficient_scope""#.into()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if self == Self::NoLayer {
            tracing::error!("a route that asks for a principal has no auth layer");
        }
        let (status, code, title, detail) = self.parts();
        let body = json!({
            "type": format!("urn:doorward:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge().and_then(|it| HeaderValue::from_str(&it).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
