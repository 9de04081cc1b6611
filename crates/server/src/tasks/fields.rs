//! What a client may write into a task: title, description, priority, due date. Each is parsed once,
//! and what parses can be stored on both databases and reads back as it was answered.

use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::db::FromValue;
use crate::input::{Field, Instant, Letters, NamedSchemas, Refusal, TextLimits};
use crate::sql::{Value, ValueRef};

/// 1–200 characters on one line, without spaces at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(pub(crate) String);

/// At most 10 000 characters, of several lines and taken as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(pub(crate) String);

/// An instant in UTC with microseconds, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueAt(pub(super) OffsetDateTime);

/// How urgent a task is; stored as a number so that it sorts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Not said.
    #[default]
    None,
    /// Can wait.
    Low,
    /// Ordinary.
    Medium,
    /// First.
    High,
}

const TITLE: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 200, letters: Letters::Printable };
const DESCRIPTION: TextLimits =
    TextLimits { trimmed: false, blank: true, max: 10_000, letters: Letters::Lines };

impl Priority {
    /// All of them, by rank.
    pub const ALL: [Self; 4] = [Self::None, Self::Low, Self::Medium, Self::High];
}

impl Field for Title {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        TITLE.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        TITLE.schema().into()
    }
}

impl Field for Description {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        DESCRIPTION.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        DESCRIPTION.schema().into()
    }
}

impl Field for Priority {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        match value.as_str() {
            Some("none") => Ok(Self::None),
            Some("low") => Ok(Self::Low),
            Some("medium") => Ok(Self::Medium),
            Some("high") => Ok(Self::High),
            _ => Err(("must be one of none, low, medium, high".into(), "enum")),
        }
    }

    fn schema() -> RefOr<Schema> {
        Ref::from_schema_name(Self::name()).into()
    }

    fn add_schemas(schemas: &mut NamedSchemas) {
        schemas.push((Self::name().into(), <Self as PartialSchema>::schema()));
    }

    fn to_json(&self) -> Option<Json> {
        serde_json::to_value(self).ok()
    }
}

impl Field for DueAt {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        // Another kind of value is refused as no string, before it is no time.
        Instant::from_json(String::from_json(value)?.into()).map(|Instant(at)| Self(at))
    }

    fn schema() -> RefOr<Schema> {
        Instant::schema()
    }
}

impl From<Priority> for Value {
    fn from(priority: Priority) -> Self {
        Self::Int(priority as i64)
    }
}

impl FromValue for Priority {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        let rank = usize::try_from(i64::from_value(value)?).ok()?;
        Self::ALL.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::instant;
    use time::format_description::well_known::Rfc3339;

    fn title(text: &str) -> Option<String> {
        Title::from_json(text.into()).ok().map(|title| title.0)
    }

    #[test]
    fn titles_are_trimmed_then_counted_in_characters() {
        assert_eq!(title(" \u{a0}milk\n"), Some("milk".into()));
        assert_eq!(title(&format!(" {} ", "é".repeat(200))), Some("é".repeat(200)));
        assert_eq!(title(&"é".repeat(201)), None);
        assert_eq!(title(" \t "), None);
        assert_eq!(title("a\0b"), None);
        assert_eq!(title("a\nb"), None);
    }

    #[test]
    fn instants_of_any_offset_become_utc_microseconds() {
        let utc = |text| instant(text).map(|at| at.format(&Rfc3339).expect("formats"));
        assert_eq!(utc("2026-11-20T01:00:00+02:00"), Some("2026-11-19T23:00:00Z".into()));
        assert_eq!(utc("2026-11-20t01:00:00z"), Some("2026-11-20T01:00:00Z".into()));
        assert_eq!(
            utc("1969-12-31T23:59:59.1234567-00:00"),
            Some("1969-12-31T23:59:59.123456Z".into())
        );
        assert_eq!(
            utc("9999-12-31T23:59:59.999999999Z"),
            Some("9999-12-31T23:59:59.999999Z".into())
        );
        assert_eq!(utc("0001-01-01T00:00:00Z"), Some("0001-01-01T00:00:00Z".into()));
    }

    #[test]
    fn instants_that_a_database_cannot_hold_are_refused() {
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T01:00:00",
            "2026-11-20x01:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-11-20T01:00:00+24:00",
            "2026-11-20T01:00:00+00:60",
            "2026-11-20T01:00:00+00:00:60",
            "0000-12-31T00:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "10000-01-01T00:00:00Z",
            "-0001-01-01T00:00:00Z",
            "+2026-11-20T01:00:00Z",
            "2026-11-2é01:00:00Z",
            "2026-11-20T01:00:00.Z",
            "２０２６-11-20T01:00:00Z",
            "infinity",
        ] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }
}
