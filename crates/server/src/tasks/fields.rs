//! The fields of a task that clients can set: title, description, priority, due date. Each is parsed once,
//! and valid values can be stored on both databases and are returned unchanged.

use serde::Serialize;
use serde_json::Value as Json;
use time::OffsetDateTime;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::db::FromValue;
use crate::http::JsonColumn;
use crate::input::{Field, Instant, Letters, NamedSchemas, Parameter, Refusal, TextLimits};
use crate::sql::{RawValue, Value, ValueRef};

/// One line of characters without surrounding spaces; the maximum length is a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(pub(crate) String);

/// Maximum size of a title in bytes: titles are indexed for sorting, and PostgreSQL's index rows are limited
/// to 2 704 bytes.
pub(super) const TITLE_BYTES: usize = 2400;

/// At most 10 000 characters, in several lines, as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(pub(crate) String);

/// An instant in UTC with microseconds, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueAt(pub(super) OffsetDateTime);

/// The priority of a task; stored as a number so that it sorts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// None.
    #[default]
    None,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Urgent.
    Urgent,
}

const TITLE: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 1000, letters: Letters::Printable };
const DESCRIPTION: TextLimits =
    TextLimits { trimmed: false, blank: true, max: 10_000, letters: Letters::Lines };

impl Priority {
    /// All of them, in ascending order.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Urgent];
    /// The highest one, as stored.
    pub(super) const HIGHEST: i64 = Self::Urgent as i64;

    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

impl JsonColumn for Priority {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        String::copy(RawValue::Text(Self::from_value(value.read()?)?.word().as_bytes()), out)
    }
}

impl Title {
    /// The error for a title longer than this many characters.
    pub(super) fn refusal(&self, max: usize) -> Option<Refusal> {
        let is_long = self.0.chars().count() > max;
        is_long.then(|| (format!("must have at most {max} characters"), "string_too_long"))
    }
}

impl Field for Title {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        let title = TITLE.read(value)?;
        if title.len() > TITLE_BYTES {
            return Err((format!("must have at most {TITLE_BYTES} bytes"), "string_too_long"));
        }
        Ok(Self(title))
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
        let text = value.as_str().unwrap_or_default();
        let found = Self::ALL.into_iter().find(|one| one.word().eq_ignore_ascii_case(text));
        found.ok_or_else(|| ("must be one of none, low, medium, high, urgent".into(), "enum"))
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

impl Parameter for Priority {
    fn from_text(text: String) -> Result<Self, Refusal> {
        Self::from_json(text.into())
    }

    fn schema() -> RefOr<Schema> {
        <Self as Field>::schema()
    }
}

impl Field for DueAt {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        // Another JSON type is rejected as not a string, before it is parsed.
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
        // A newer server may have a higher one, and this one must still show the task.
        Self::ALL.get(rank).or(Self::ALL.last()).copied()
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
        assert_eq!(title(&format!(" {} ", "é".repeat(1000))), Some("é".repeat(1000)));
        assert_eq!(title(&"é".repeat(1001)), None);
        assert_eq!(title(&"\u{1f980}".repeat(600)), Some("\u{1f980}".repeat(600)));
        assert_eq!(title(&"\u{1f980}".repeat(601)), None);
        let refused = |count| Title("é".repeat(count)).refusal(200).is_some();
        assert_eq!([refused(200), refused(201)], [false, true]);
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
    fn what_date_pickers_leave_out_is_filled_in_as_utc() {
        for (text, at) in [
            ("2026-01-05", "2026-01-05T00:00:00Z"),
            ("2026-01-05T10:00", "2026-01-05T10:00:00Z"),
            ("2026-01-05 10:00", "2026-01-05T10:00:00Z"),
            ("2026-01-05T10:00:07", "2026-01-05T10:00:07Z"),
            ("2026-01-05T10:00:07.123456789", "2026-01-05T10:00:07.123456Z"),
            ("2026-01-05T10:00Z", "2026-01-05T10:00:00Z"),
            ("2026-01-05T10:00+02:00", "2026-01-05T08:00:00Z"),
            ("2026-01-05T10:00-02:00", "2026-01-05T12:00:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(instant(text), instant(at), "{text}");
            assert!(instant(text).is_some(), "{text}");
        }
    }

    #[test]
    fn priorities_are_read_in_any_case_and_a_higher_one_of_a_newer_server_is_shown() {
        for one in Priority::ALL {
            let word = serde_json::to_value(one).expect("a word");
            for text in [one.word().to_owned(), one.word().to_uppercase()] {
                assert_eq!(Priority::from_json(text.into()), Ok(one));
            }
            assert_eq!(word, one.word());
            assert_eq!(Priority::from_value(Value::from(one).as_raw().read().unwrap()), Some(one));
        }
        assert_eq!(
            Priority::from_value(ValueRef::Int(Priority::HIGHEST + 1)),
            Some(Priority::Urgent)
        );
        assert!(Priority::from_json("critical".into()).is_err());
    }

    #[test]
    fn instants_that_a_database_cannot_hold_are_refused() {
        for bad in [
            "",
            "2026-11-2",
            "2026-11-31",
            "20261120",
            "2026-11-20T",
            "2026-11-20T01",
            "2026-11-20T01:0",
            "2026-11-20T01:00:",
            "2026-11-20T24:00",
            "2026-11-20T01:00 02:00",
            "2026-11-20T+02:00",
            "2026-11-20Z",
            "2016-12-31T23:59:60",
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
