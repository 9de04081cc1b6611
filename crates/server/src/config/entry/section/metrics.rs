//! The settings of metrics.

use std::net::SocketAddr;

use crate::config::entry::entries::{LOGS, PLAIN};
use crate::config::entry::parse::Parsed;
use crate::config::entry::table::{Secrecy, Setting};
use crate::config::entry::word::{self, put_some};

/// `METRICS_LISTEN`.
pub(in crate::config) const METRICS_LISTEN: Setting = Setting {
    name: "METRICS_LISTEN",
    section: LOGS,
    about: "An address and port where `/metrics` is served to Prometheus, apart from everything else and \
        to whoever reaches it: choose one that only the monitoring reaches. See `docs/metrics.md`.",
    default: "",
    example: "127.0.0.1:9100",
    set: Some(|settings, text| put_some(&mut settings.metrics_listen, listen(text))),
    ..PLAIN
};

/// `METRICS_TOKEN`.
pub(in crate::config) const METRICS_TOKEN: Setting = Setting {
    name: "METRICS_TOKEN",
    section: LOGS,
    about: "A bearer token for `/metrics` beside the API, of at least 32 bytes, made with \
        `openssl rand -hex 32`. Without it that path is not found there.",
    secrecy: Secrecy::Secret,
    set: Some(|settings, text| put_some(&mut settings.metrics_token, word::secret(text))),
    ..PLAIN
};

fn listen(text: &str) -> Parsed<SocketAddr> {
    let wanted = "must be an address and a port, such as 127.0.0.1:9100 or [::1]:9100";
    text.parse().map_err(|_| format!("{wanted}, not {text:?}"))
}
