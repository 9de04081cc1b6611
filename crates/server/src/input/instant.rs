//! Instants in bodies and queries: RFC 3339 and the formats of date pickers, in UTC with microseconds, in the
//! range of both databases.

use std::borrow::Cow;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

use super::{Field, Refusal};

/// The latest instant supported by both databases and RFC 3339.
pub const LATEST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999 UTC);
/// The earliest one.
pub const EARLIEST: OffsetDateTime = datetime!(0001-01-01 00:00 UTC);

/// An instant sent by a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub OffsetDateTime);

impl Field for Instant {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let parsed = value.as_str().and_then(instant);
        parsed.map(Self).ok_or_else(|| {
            let message = "must be an RFC 3339 date and time, or a date, years 0001 to 9999";
            (message.into(), "datetime_parsing")
        })
    }

    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

/// RFC 3339 §5.6, and the values of HTML's date fields (HTML §2.3.5): a date, which means its first instant,
/// and a time without seconds. Without an offset it is UTC. Leap seconds are rejected, because neither
/// database would return them. Digits after the microsecond are truncated.
pub fn instant(text: &str) -> Option<OffsetDateTime> {
    let text = whole(text)?;
    let bytes = text.as_bytes();
    if !matches!(bytes.get(10)?, b'T' | b't' | b' ') || bytes.get(17..19)? == b"60" {
        return None;
    }
    let at = OffsetDateTime::parse(&text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    let at = at.replace_nanosecond(at.nanosecond() / 1000 * 1000).ok()?;
    (EARLIEST..=LATEST).contains(&at).then_some(at)
}

/// The text with the omitted time, seconds and offset added.
fn whole(text: &str) -> Option<Cow<'_, str>> {
    if text.len() == "2026-01-05".len() {
        return Some(format!("{text}T00:00:00Z").into());
    }
    let time = text.get(11..)?;
    let at_offset = time.find(['Z', 'z', '+', '-']);
    let (time, offset) = time.split_at(at_offset.unwrap_or(time.len()));
    let seconds = if time.len() == "10:00".len() { ":00" } else { "" };
    if seconds.is_empty() && !offset.is_empty() {
        return Some(text.into());
    }
    let offset = if offset.is_empty() { "Z" } else { offset };
    Some(format!("{}{time}{seconds}{offset}", &text[..11]).into())
}
