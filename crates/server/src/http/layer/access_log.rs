//! One log line per request: method, route, status, duration. Never the query, a header's value or a body,
//! which contain tokens; nothing in it can end or colour the line.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{Method, StatusCode, Uri};

use crate::error::Code;
use crate::http::{ClientIp, request_id};
use crate::metrics::{Metrics, RouteMeter};

/// Maximum logged length of an unknown path.
const MAX_PATH: usize = 128;

/// The first half of the line, recorded before the request is handled.
#[derive(Debug)]
pub(in crate::http) struct AccessLine {
    method: Method,
    uri: Uri,
    client: ClientIp,
    began: Instant,
}

impl AccessLine {
    pub(in crate::http) fn begin(method: &Method, uri: &Uri, client: ClientIp) -> Self {
        Self { method: method.clone(), uri: uri.clone(), client, began: Instant::now() }
    }

    /// Counts the request when its response head is complete.
    pub(in crate::http) fn count(
        &self,
        metrics: &Metrics,
        meter: Option<Arc<RouteMeter>>,
        status: StatusCode,
    ) {
        let Some(meters) = metrics.on() else { return };
        let (method, status) = (self.method.as_str(), status.as_u16());
        match meter {
            Some(meter) => meter.answered(method, status, self.began),
            None => meters.answered_without_route(method, status, self.began),
        }
    }

    /// Logs the line while the request id is current, so that it contains the id. Successful reads, which are
    /// the majority and change nothing, are logged at `debug`.
    pub(in crate::http) fn end(self, route: Option<&str>, status: StatusCode, code: Option<Code>) {
        let (user, session) = request_id::who().unzip();
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "doorward::access",
                    method = %printable(self.method.as_str()),
                    path = %route.map_or_else(|| printable(self.uri.path()), Into::into),
                    status = status.as_u16(),
                    ms = millis(micros),
                    client = %self.client.0,
                    code = code.map(Code::as_str),
                    user = user.map(tracing::field::display),
                    session = session.flatten().map(tracing::field::display),
                    "request"
                )
            };
        }
        let failed = status.is_client_error() || status.is_server_error();
        if status.is_server_error() {
            line!(warn);
        } else if failed || !self.method.is_safe() {
            line!(info);
        } else {
            line!(debug);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a request lasts less than 2^53 microseconds")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// Text from the request, with everything that is not visible ASCII replaced.
fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_PATH)
        .map(|letter| if letter.is_ascii_graphic() { letter } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_the_request_can_end_or_colour_a_line() {
        assert_eq!(printable("/a\r\nb\u{1b}[31m\u{9b}1m\u{202e}c d"), "/a??b?[31m?1m?c?d");
        assert_eq!(printable(&"x".repeat(500)).len(), MAX_PATH);
    }
}
