//! A request and the old backend's response, kept until the copy has been compared.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Uri};
use serde_json::Value;

use super::tee::Keeping;

/// A forwarded request and its response.
pub(super) struct Exchanged {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) peer: Option<SocketAddr>,
    pub(super) asked: Keeping,
    /// Zero if the old backend did not respond.
    pub(super) status: u16,
    pub(super) kind: Option<String>,
    /// The cookies set by the response.
    pub(super) cookies: Vec<String>,
    pub(super) answered: Keeping,
    /// From the request to the last byte of the response.
    pub(super) took: Duration,
}

/// A response for comparison.
pub(super) struct Observed {
    pub(super) status: u16,
    /// Without its parameters.
    pub(super) kind: Option<String>,
    pub(super) body: Option<Value>,
    pub(super) is_empty: bool,
    pub(super) took: Duration,
}

impl Observed {
    pub(super) fn of(status: u16, kind: Option<&str>, bytes: &[u8], took: Duration) -> Self {
        let kind =
            kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let body = serde_json::from_slice(bytes).ok();
        Self { status, kind, body, is_empty: bytes.is_empty(), took }
    }

    pub(super) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn failed(&self) -> bool {
        self.status >= 400
    }
}
