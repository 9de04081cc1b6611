//! Formats a log line. External text (a header, a database's message) cannot forge a line or control a
//! terminal: control characters are escaped in every field, and values with spaces or `=` are quoted. A line
//! logged during a request contains its id.

use std::fmt;

use serde::Serializer as _;
use serde::ser::SerializeMap;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Clock;
use crate::http::request_id;
use crate::timestamp::Timestamp;

/// Formats a line's fields as text, always on one line.
#[derive(Debug)]
pub(in crate::cli) struct TextFields;

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { writer, first: true, outcome: Ok(()) };
        fields.record(&mut line);
        if let (Ok(()), Some(id)) = (line.outcome, request_id::current()) {
            line.outcome = line.field("request_id", id.as_str());
        }
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

/// The text with line breaks, escapes and other non-printing characters escaped.
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

/// Writes an event as one JSON object: `timestamp`, `level`, its fields, `target`, `request_id`.
#[derive(Debug)]
pub struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Vec::with_capacity(256);
        write_json(&mut line, event).map_err(|_| fmt::Error)?;
        writer.write_str(std::str::from_utf8(&line).map_err(|_| fmt::Error)?)?;
        writer.write_char('\n')
    }
}

fn write_json(line: &mut Vec<u8>, event: &Event<'_>) -> serde_json::Result<()> {
    let mut json = serde_json::Serializer::new(line);
    let mut map = json.serialize_map(None)?;
    map.serialize_entry("timestamp", Timestamp::fixed(Clock::system().now()).as_str())?;
    map.serialize_entry("level", event.metadata().level().as_str())?;
    let mut fields = Entries { map: &mut map, outcome: Ok(()) };
    event.record(&mut fields);
    fields.outcome?;
    map.serialize_entry("target", event.metadata().target())?;
    if let Some(id) = request_id::current() {
        map.serialize_entry("request_id", id.as_str())?;
    }
    map.end()
}

struct Entries<'a, M: SerializeMap> {
    map: &'a mut M,
    outcome: Result<(), M::Error>,
}

impl<M: SerializeMap> Entries<'_, M> {
    fn entry(&mut self, field: &Field, value: impl Into<Value>) {
        if self.outcome.is_ok() {
            self.outcome = self.map.serialize_entry(field.name(), &value.into());
        }
    }
}

impl<M: SerializeMap> Visit for Entries<'_, M> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.entry(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.entry(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.entry(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.entry(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.entry(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.entry(field, format!("{value:?}"));
    }
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
            .fmt_fields(TextFields)
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
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .event_format(JsonLine)
            .finish();
        tracing::subscriber::with_default(subscriber, log_hostile_fields);
        let text = out.text();
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        assert!(!text.contains(['\r', '\u{1b}', '\u{7}']), "{text:?}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["display"], HOSTILE);
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
            .fmt_fields(TextFields)
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
