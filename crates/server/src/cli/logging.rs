//! Logs: text or JSON lines on stderr. What others wrote (a header, a database's message) cannot forge
//! a line or drive a terminal: control characters are escaped in every field, and a text value that
//! holds blanks or `=` is quoted. A panic is one line; its backtrace never reaches a client.

use std::fmt;
use std::io::IsTerminal;
use std::sync::OnceLock;

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

use super::log_queue::LogQueue;
use super::{Outcome, failed};
use crate::config::{LogFormat, Settings};

static QUEUE: OnceLock<LogQueue> = OnceLock::new();

/// Starts logging as the settings say; the first call in a process counts.
pub(super) fn start(settings: &Settings) -> Outcome {
    let filter = EnvFilter::new(&settings.log_filter);
    let loss = match settings.log_format {
        LogFormat::Text => |lost| format!("{lost} log lines were lost: stderr is read too slowly"),
        LogFormat::Json => |lost| {
            let message = "log lines were lost: stderr is read too slowly";
            json!({"level": "WARN", "message": message, "lines": lost}).to_string()
        },
    };
    let queue = LogQueue::start(std::io::stderr(), loss).map_err(failed)?;
    let queue = QUEUE.get_or_init(|| queue).clone();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || queue.clone());
    let _ = match settings.log_format {
        LogFormat::Text => {
            builder.with_ansi(colours()).with_target(false).fmt_fields(OneLine).try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("unknown");
        let place = panic.location().map(ToString::to_string);
        tracing::error!(what, place, "panic");
        flush();
    }));
    Ok(())
}

/// Waits a moment for what was logged to be written.
pub(super) fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush();
    }
}

/// Tells the operator, whatever `RUST_LOG` hides; among JSON lines as one of them.
pub(super) fn say(settings: &Settings, text: &str) {
    match settings.log_format {
        LogFormat::Text => eprintln!("{text}"),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// Only on a terminal, and not against <https://no-color.org>.
fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !refused
}

/// Writes fields so that an event stays one line whatever they hold.
#[derive(Debug)]
struct OneLine;

impl<'writer> FormatFields<'writer> for OneLine {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { writer, first: true, outcome: Ok(()) };
        fields.record(&mut line);
        line.outcome
    }
}

struct Line<'writer> {
    writer: Writer<'writer>,
    first: bool,
    outcome: fmt::Result,
}

impl Line<'_> {
    fn field(&mut self, name: &str, value: &str) -> fmt::Result {
        if !std::mem::take(&mut self.first) {
            self.writer.write_char(' ')?;
        }
        if name == "message" {
            return self.writer.write_str(&printable(value));
        }
        let bare = |it: char| !it.is_whitespace() && it != '=' && it.escape_debug().len() == 1;
        if !value.is_empty() && value.chars().all(bare) {
            write!(self.writer, "{name}={value}")
        } else {
            write!(self.writer, "{name}={value:?}")
        }
    }
}

impl Visit for Line<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.outcome.is_ok() {
            self.outcome = self.field(field.name(), value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// The text with line breaks, escapes and whatever else does not print spelled out.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '"' | '\'' | '\\') {
            out.push(character);
        } else {
            out.extend(character.escape_debug());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    const HOSTILE: &str = "a\r\n2026-01-01T00:00:00Z  INFO forged=1\u{1b}[2J\u{9b}x\u{7}\u{2028}y";

    fn log_hostile_fields() {
        let span = tracing::info_span!("request", path = %HOSTILE);
        let _inside = span.enter();
        tracing::info!(display = %HOSTILE, debug = ?HOSTILE, text = HOSTILE, "{HOSTILE}");
    }

    #[test]
    fn no_field_forges_a_line_of_text() {
        let out = Captured::default();
        let writer = out.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_target(false)
            .fmt_fields(OneLine)
            .finish();
        tracing::subscriber::with_default(subscriber, log_hostile_fields);
        let text = out.text();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(text.ends_with('\n'));
        let controls = text.trim_end_matches('\n').chars().filter(|it| it.is_control()).count();
        assert_eq!(controls, 0, "{text:?}");
        assert!(!text.contains('\u{2028}'));
        assert!(text.contains("\\r\\n2026-01-01") && text.contains("display=\"a\\r\\n"), "{text}");
    }

    #[test]
    fn no_field_forges_a_line_of_json() {
        let out = Captured::default();
        let writer = out.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).json().finish();
        tracing::subscriber::with_default(subscriber, log_hostile_fields);
        let text = out.text();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(!text.contains(['\r', '\u{1b}', '\u{7}']), "{text:?}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["fields"]["display"], HOSTILE);
    }

    #[test]
    fn plain_values_stay_plain() {
        let out = Captured::default();
        let writer = out.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .fmt_fields(OneLine)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(status = 200, path = "/auth/me", name = "Ada L", empty = "", "request");
        });
        assert_eq!(
            out.text(),
            " INFO request status=200 path=/auth/me name=\"Ada L\" empty=\"\"\n"
        );
    }
}
