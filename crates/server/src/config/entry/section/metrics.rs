//! The settings of metrics.

use std::net::SocketAddr;

use crate::config::entry::entries::{LATER, LOGS, PLAIN};
use crate::config::entry::parse::Parsed;
use crate::config::entry::table::{Secrecy, Setting};
use crate::config::entry::word::{self, put_some};

/// `METRICS_LISTEN`.
pub(in crate::config) const METRICS_LISTEN: Setting = Setting {
    name: "METRICS_LISTEN",
    section: LOGS,
    about: "A separate address and port on which `/metrics` is served to Prometheus without authentication: \
        choose one that only the monitoring can reach. See `docs/metrics.md`.",
    default: "",
    example: "127.0.0.1:9100",
    set: Some(|settings, text| put_some(&mut settings.metrics_listen, listen(text))),
    ..PLAIN
};

/// `METRICS_TOKEN`.
pub(in crate::config) const METRICS_TOKEN: Setting = Setting {
    name: "METRICS_TOKEN",
    section: LOGS,
    about: "A bearer token for `/metrics` on the API's port, at least 32 bytes, generated with `openssl rand \
        -hex 32`. Without it that path does not exist there.",
    secrecy: Secrecy::Secret,
    set: Some(|settings, text| put_some(&mut settings.metrics_token, word::secret(text))),
    ..PLAIN
};

/// `OTEL_EXPORTER_OTLP_ENDPOINT`.
pub(in crate::config) const OTLP_ENDPOINT: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    section: LATER,
    about: "The OpenTelemetry collector to send traces to, such as `http://127.0.0.1:4318`. Requires a build \
        with the feature `otlp`; other builds print a warning.",
    set: if cfg!(feature = "otlp") {
        Some(|settings, text| put_some(&mut settings.otlp_endpoint, collector(text)))
    } else {
        None
    },
    ..PLAIN
};

fn collector(text: &str) -> Parsed<String> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let whole =
        url.filter(|url| url.has_host() && url.query().is_none() && url.username().is_empty());
    let wanted = "must be the http or https address of a collector, such as http://127.0.0.1:4318";
    whole.map(|_| text.to_owned()).ok_or_else(|| format!("{wanted}, not {text:?}"))
}

fn listen(text: &str) -> Parsed<SocketAddr> {
    let wanted = "must be an address and a port, such as 127.0.0.1:9100 or [::1]:9100";
    text.parse().map_err(|_| format!("{wanted}, not {text:?}"))
}
