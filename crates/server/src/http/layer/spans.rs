//! Exports one span per request to an OpenTelemetry collector (OTLP over HTTP, in JSON), in batches by a
//! separate task. Only built with the feature `otlp`; spans that the collector cannot accept are dropped, and
//! requests never wait.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method, StatusCode};
use doorward_verify::HttpFetch;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::Random;
use crate::http::request_id::RequestId;
use crate::http::trace::TraceContext;

const QUEUE: usize = 4096;
const BATCH: usize = 512;
/// How long spans are collected.
const GATHER: Duration = Duration::from_secs(2);
/// The timeout of the collector.
const WITHIN: Duration = Duration::from_secs(10);

/// The exporter; does nothing unless the settings name a collector.
#[derive(Debug)]
pub struct Spans {
    url: Option<String>,
    queue: OnceLock<mpsc::Sender<Span>>,
    lost: AtomicU64,
}

/// The span of a request in progress.
#[derive(Debug)]
pub(in crate::http) struct Begun {
    trace: String,
    parent: Option<String>,
    id: String,
    method: Method,
    at: OffsetDateTime,
    began: Instant,
}

#[derive(Debug)]
struct Span {
    begun: Begun,
    route: Option<String>,
    status: StatusCode,
    lasted: Duration,
}

impl Spans {
    /// With these settings.
    pub fn of(settings: &Settings) -> Self {
        let base = settings.otlp_endpoint.as_deref();
        let url = base.map(|base| format!("{}/v1/traces", base.trim_end_matches('/')));
        Self { url, queue: OnceLock::new(), lost: AtomicU64::new(0) }
    }

    /// Starts the span of a request, unless its caller did not sample it.
    pub(in crate::http) fn begin(
        &self,
        headers: &HeaderMap,
        method: &Method,
        id: &RequestId,
        clock: &Clock,
        random: &Random,
    ) -> Option<Begun> {
        self.url.as_ref()?;
        let (trace, parent) = match TraceContext::of(headers) {
            Some(context) if !context.sampled => return None,
            Some(context) => (context.trace.to_owned(), Some(context.parent.to_owned())),
            None => (own_trace(id, random), None),
        };
        let (id, at) = (hex(&random.bytes::<8>()), clock.now());
        Some(Begun { trace, parent, id, method: method.clone(), at, began: Instant::now() })
    }

    /// The response is complete.
    pub(in crate::http) fn end(
        &self,
        begun: Option<Begun>,
        route: Option<&str>,
        status: StatusCode,
    ) {
        let (Some(begun), Some(url)) = (begun, &self.url) else { return };
        let lasted = begun.began.elapsed();
        let span = Span { begun, route: route.map(str::to_owned), status, lasted };
        let queue = self.queue.get_or_init(|| {
            let (queue, spans) = mpsc::channel(QUEUE);
            tokio::spawn(send(url.clone(), spans));
            queue
        });
        if queue.try_send(span).is_err() && self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("spans are dropped: the collector accepts them too slowly");
        }
    }
}

/// The request id if it was generated here, so that log and trace agree.
fn own_trace(id: &RequestId, random: &Random) -> String {
    let plain = id.as_str().replace('-', "");
    let is_own =
        plain.len() == 32 && plain.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    if is_own { plain } else { hex(&random.bytes::<16>()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn send(url: String, mut spans: mpsc::Receiver<Span>) {
    let collector = HttpFetch::default().within(WITHIN).agent("doorward");
    let mut batch = Vec::with_capacity(BATCH);
    let mut failed = false;
    while spans.recv_many(&mut batch, 1).await > 0 {
        tokio::time::sleep(GATHER).await;
        while batch.len() < BATCH
            && let Ok(span) = spans.try_recv()
        {
            batch.push(span);
        }
        let body = document(batch.drain(..)).to_string();
        let outcome = match collector.post(&url, "application/json", None, body).await {
            Ok((200..=299, _)) => Ok(()),
            Ok((status, _)) => Err(format!("the collector answered {status}")),
            Err(why) => Err(why),
        };
        match outcome {
            Ok(()) => failed = false,
            Err(why) if !failed => {
                failed = true;
                tracing::warn!(%why, "spans could not be sent to the collector");
            }
            Err(_) => {}
        }
    }
}

fn document(spans: impl Iterator<Item = Span>) -> Value {
    let spans: Vec<_> = spans.map(written).collect();
    let resource = [
        attribute("service.name", &json!({"stringValue": "doorward"})),
        attribute("service.version", &json!({"stringValue": env!("CARGO_PKG_VERSION")})),
    ];
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "doorward"}, "spans": spans}],
    }]})
}

/// OTLP in JSON: ids in hexadecimal, 64-bit numbers as strings.
fn written(span: Span) -> Value {
    let Span { begun, route, status, lasted } = span;
    let start = begun.at.unix_timestamp_nanos();
    let end = start + i128::try_from(lasted.as_nanos()).unwrap_or(0);
    let method = begun.method.as_str();
    let mut attributes = vec![
        attribute("http.request.method", &json!({"stringValue": method})),
        attribute("http.response.status_code", &json!({"intValue": status.as_u16().to_string()})),
    ];
    if let Some(route) = &route {
        attributes.push(attribute("http.route", &json!({"stringValue": route})));
    }
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    json!({
        "traceId": begun.trace,
        "spanId": begun.id,
        "parentSpanId": begun.parent.unwrap_or_default(),
        "name": name,
        "kind": 2,
        "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": end.to_string(),
        "attributes": attributes,
        "status": {"code": if status.is_server_error() { 2 } else { 0 }},
    })
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({"key": key, "value": value})
}
