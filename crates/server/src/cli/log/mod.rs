//! Logging: text or JSON lines on stderr, written by a separate thread.

mod line;
pub(in crate::cli) mod panic_hook;
mod queue;

use std::io::IsTerminal;
use std::sync::OnceLock;

use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::cli::{Exit, failed};
use crate::config::{LogFormat, Settings};
pub use line::JsonLine;
use line::TextFields;
use queue::LogQueue;

static QUEUE: OnceLock<LogQueue> = OnceLock::new();

/// Starts logging with these settings; only the first call in a process has an effect.
pub(in crate::cli) fn start(settings: &Settings) -> Exit {
    let filter = EnvFilter::new(&settings.log_filter);
    let loss = match settings.log_format {
        LogFormat::Text => {
            |lost| format!("{lost} log lines were dropped: stderr is read too slowly")
        }
        LogFormat::Json => |lost| {
            let message = "log lines were dropped: stderr is read too slowly";
            json!({"level": "WARN", "message": message, "lines": lost}).to_string()
        },
    };
    let queue = LogQueue::start(std::io::stderr(), loss).map_err(failed)?;
    let queue = QUEUE.get_or_init(|| queue).clone();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || queue.clone());
    let _ = match settings.log_format {
        LogFormat::Text => {
            builder.with_ansi(colours()).with_target(false).fmt_fields(TextFields).try_init()
        }
        LogFormat::Json => builder.event_format(JsonLine).try_init(),
    };
    Ok(())
}

/// Waits briefly until the log is written.
pub(in crate::cli) fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush();
    }
}

/// Informs the operator, whatever `RUST_LOG` hides; as a JSON line if the log is JSON.
pub(in crate::cli) fn say(settings: &Settings, text: &str) {
    match settings.log_format {
        LogFormat::Text => eprintln!("{text}"),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// Only on a terminal, unless <https://no-color.org> disables them.
fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !refused
}
