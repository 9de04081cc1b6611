//! [`Auth`] as a layer for axum. It only reads the `Authorization` header; a token is verified once per
//! request, before the body is read.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tower::{Layer, Service};

use crate::{Auth, Principal, Refusal};

/// Makes the response to a rejected request.
type Answer = Arc<dyn Fn(&Refusal) -> Response + Send + Sync>;

impl Auth {
    /// A layer that rejects requests without a valid token before they reach a handler. CORS preflights,
    /// which carry no token, pass.
    #[must_use]
    pub fn required(&self) -> AuthLayer {
        AuthLayer { auth: self.clone(), is_required: true, answer: None }
    }

    /// A layer for the extractors, which rejects nothing itself.
    #[must_use]
    pub fn layer(&self) -> AuthLayer {
        AuthLayer { auth: self.clone(), is_required: false, answer: None }
    }
}

/// Created by [`Auth::layer`] and [`Auth::required`].
#[derive(Clone)]
pub struct AuthLayer {
    pub(crate) auth: Auth,
    is_required: bool,
    answer: Option<Answer>,
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_required { "Required" } else { "Layer" };
        out.debug_tuple(name).field(&self.auth).finish()
    }
}

impl AuthLayer {
    /// Formats the response to rejected requests, including those of the extractors, instead of a problem
    /// document. `WWW-Authenticate`, `Cache-Control` and `Retry-After` are added if missing.
    #[must_use]
    pub fn answering<R: IntoResponse>(
        mut self,
        answer: impl Fn(&Refusal) -> R + Send + Sync + 'static,
    ) -> Self {
        self.answer = Some(Arc::new(move |refusal| answer(refusal).into_response()));
        self
    }

    pub(crate) fn refused(&self, refusal: Refusal) -> Refused {
        Refused { refusal, answer: self.answer.clone() }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Authenticated<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticated { inner, layer: self.clone() }
    }
}

/// A service inside an [`AuthLayer`].
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
        // Call the service that was polled ready.
        let unpolled = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, unpolled);
        let layer = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            // A principal from an outer layer may come from an issuer that is not trusted here.
            parts.extensions.remove::<Principal>();
            if layer.is_required && !is_preflight(&parts) {
                match layer.auth.authenticate_headers(&parts.headers).await {
                    Ok(principal) => drop(parts.extensions.insert(principal)),
                    Err(refusal) => return Ok(layer.refused(refusal).into_response()),
                }
            }
            parts.extensions.insert(layer);
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}

/// As defined by the Fetch standard: browsers ask whether they may send the actual request, without its
/// token.
fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ORIGIN)
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A rejected request, with the response of the layer or extractor.
#[derive(Clone)]
pub struct Refused {
    refusal: Refusal,
    answer: Option<Answer>,
}

impl fmt::Debug for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Refused").field(&self.refusal).finish()
    }
}

impl Refused {
    /// The reason.
    pub fn refusal(&self) -> Refusal {
        self.refusal
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, answer: None }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let refusal = self.refusal;
        if refusal == Refusal::NoLayer {
            tracing::error!("a route that asks for a principal has no auth layer");
        }
        let mut response = match self.answer {
            Some(answer) => answer(&refusal),
            None => problem(refusal),
        };
        let mut add = |name, value: Option<String>| {
            let value = value.and_then(|value| HeaderValue::try_from(value).ok());
            if let Some(value) = value {
                response.headers_mut().entry(name).or_insert(value);
            }
        };
        add(header::WWW_AUTHENTICATE, refusal.challenge());
        add(header::CACHE_CONTROL, Some("no-store".to_owned()));
        add(header::RETRY_AFTER, refusal.retry_after().map(|seconds| seconds.to_string()));
        response
    }
}

fn problem(refusal: Refusal) -> Response {
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static("application/problem+json");
    (status, [(header::CONTENT_TYPE, kind)], refusal.problem()).into_response()
}
