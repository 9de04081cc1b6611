//! `/metrics` as OpenMetrics text. On its own listener it needs no authentication; on the main one it
//! requires `METRICS_TOKEN`, and does not exist without it.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use subtle::ConstantTimeEq;

use super::routes::{Declared, Routes};
use crate::clock::Clock;
use crate::config::Secret;
use crate::error::Error;
use crate::metrics::Metrics;

/// The path, on either listener.
pub const PATH: &str = "/metrics";

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The state of a scrape.
#[derive(Clone, Debug)]
pub struct Scrape {
    metrics: Metrics,
    clock: Clock,
    token: Option<Secret>,
}

impl Scrape {
    /// With this token, or without authentication.
    pub fn new(metrics: Metrics, clock: Clock, token: Option<Secret>) -> Self {
        Self { metrics, clock, token }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let mut sent = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(one), None) = (sent.next(), sent.next()) else { return false };
        let Some((scheme, shown)) = one.to_str().ok().and_then(|it| it.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer")
            && bool::from(shown.trim_matches(' ').as_bytes().ct_eq(token.bytes()))
    }
}

/// The route on the main listener; wrong tokens count like other invalid credentials.
pub fn routes() -> Routes<Scrape> {
    Routes::default().add_undescribed(Declared::STRICT, PATH, get(scrape))
}

/// The router of the separate listener.
pub fn alone(scrape: Scrape) -> Router {
    let missing = || async { Error::NotFound };
    Router::new().route(PATH, get(self::scrape)).fallback(missing).with_state(scrape)
}

async fn scrape(State(scrape): State<Scrape>, headers: HeaderMap) -> Result<Response, Error> {
    if !scrape.admits(&headers) {
        return Err(Error::NotAuthenticated);
    }
    let text = scrape.metrics.text(scrape.clock.now());
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
