//! Interprets texts of other programs: booleans, instants, priorities, lists of words.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::input::{LATEST, instant};
use crate::tasks::Priority;

/// Larger numbers are milliseconds since 1970, smaller ones seconds: the year 5138, or 1973.
const MILLISECONDS: i64 = 100_000_000_000;

/// A boolean; `None` if it is neither.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "1" | "yes" | "y" | "on" => Some(true),
        "f" | "false" | "0" | "no" | "n" | "off" | "" => Some(false),
        _ => None,
    }
}

/// An instant in any of the formats of databases and programs; UTC without an offset.
pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    if text == "infinity" {
        return Some(LATEST);
    }
    if let Ok(number) = text.parse::<i64>() {
        let nanos = if number.abs() < MILLISECONDS { 1_000_000_000 } else { 1_000_000 };
        return OffsetDateTime::from_unix_timestamp_nanos(i128::from(number) * nanos)
            .ok()
            .filter(|at| *at <= LATEST);
    }
    if !text.is_ascii() || text.len() < 10 {
        return None;
    }
    let (date, rest) = text.split_at(10);
    let rest = rest.strip_prefix(['T', 't', ' ']).unwrap_or(rest).trim();
    let offset_from = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(offset_from);
    let clock = match clock.trim() {
        "" => "00:00:00".to_owned(),
        clock if clock.len() == 5 => format!("{clock}:00"),
        clock => clock.trim_end_matches('.').to_owned(),
    };
    // `+02`, `+0230` and `+02:30`.
    let offset = match offset.len() {
        0 => "Z".to_owned(),
        3 => format!("{offset}:00"),
        5 if !offset.contains(':') => format!("{}:{}", &offset[..3], &offset[3..]),
        _ => offset.to_owned(),
    };
    instant(&format!("{date}T{clock}{offset}"))
}

/// A priority, by name or by number.
pub(super) fn urgency(text: &str) -> Option<Priority> {
    let text = text.trim().to_ascii_lowercase();
    match text.rsplit('.').next().unwrap_or_default() {
        "" | "none" | "0" | "no" => Some(Priority::None),
        "low" | "1" | "minor" => Some(Priority::Low),
        "medium" | "2" | "normal" | "mid" => Some(Priority::Medium),
        "high" | "3" | "important" => Some(Priority::High),
        "urgent" | "4" | "5" | "critical" | "highest" => Some(Priority::Urgent),
        _ => None,
    }
}

/// Whether a status means that a task is completed; `None` if unknown.
pub(super) fn is_done(status: &str) -> Option<bool> {
    let status =
        super::mapping::known_fields::folded(status.rsplit('.').next().unwrap_or_default());
    match status.as_str() {
        "completed" | "complete" | "done" | "finished" | "closed" | "archived" => Some(true),
        "pending" | "open" | "todo" | "inprogress" | "new" | "active" | "started" | "blocked"
        | "incomplete" | "notstarted" | "" => Some(false),
        _ => flag(&status),
    }
}

/// The words of a JSON array, a PostgreSQL array, or a comma-separated list.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.trim();
    if let Ok(Value::Array(words)) = serde_json::from_str(text) {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return words.iter().map(word).filter(|word| !word.is_empty()).collect();
    }
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let words = inner.split(',').map(|word| word.trim().trim_matches('"').to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

/// A column's text as JSON, according to the column's type.
pub(super) fn json_of(kind: &str, text: &str) -> Value {
    let kind = kind.to_ascii_lowercase();
    let is_plain = ["int", "num", "real", "double", "float", "json", "bool", "serial", "decimal"]
        .iter()
        .any(|start| kind.contains(start))
        && !kind.contains("[]");
    let read = if kind.contains("bool") {
        flag(text).map(Value::Bool)
    } else {
        is_plain.then(|| serde_json::from_str(text).ok()).flatten()
    };
    read.unwrap_or_else(|| text.into())
}

/// A UUID that can be used as an id.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (!id.is_nil() && !id.is_max() && matches!(text.len(), 32 | 36)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn instants_are_read_in_the_spellings_of_databases_and_programs() {
        let at = datetime!(2026-01-05 10:20:30.5 UTC);
        for text in [
            "2026-01-05 10:20:30.5",
            "2026-01-05 10:20:30.5+00",
            "2026-01-05T10:20:30.500Z",
            "2026-01-05 12:50:30.5+0230",
            "2026-01-05 12:50:30.500000+02:30",
            "2026-01-05 10:20:30.500000Z",
            "1767608430500",
        ] {
            assert_eq!(moment(text), Some(at), "{text}");
        }
        assert_eq!(moment("2026-01-05"), Some(datetime!(2026-01-05 0:00 UTC)));
        assert_eq!(moment("2026-01-05T10:20"), Some(datetime!(2026-01-05 10:20 UTC)));
        assert_eq!(moment("1767608430"), Some(datetime!(2026-01-05 10:20:30 UTC)));
        for text in ["", "soon", "2026-02-30", "05.01.2026", "2026-01-05 25:00", "é026-01-05"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn lists_of_words_are_read_in_three_spellings() {
        for text in [r#"["a", "b c"]"#, r#"{a,"b c"}"#, "a, b c,"] {
            assert_eq!(words(text), ["a", "b c"], "{text}");
        }
        assert!(words("").is_empty() && words("[]").is_empty() && words("{}").is_empty());
    }

    #[test]
    fn priorities_and_statuses_are_read_by_word_and_number() {
        assert_eq!(urgency("HIGH"), Some(Priority::High));
        assert_eq!(urgency("Priority.LOW"), Some(Priority::Low));
        assert_eq!(urgency("whenever"), None);
        assert_eq!(is_done("In Progress"), Some(false));
        assert_eq!(is_done("TaskStatus.DONE"), Some(true));
        assert_eq!(is_done("banana"), None);
    }

    #[test]
    fn ids_of_sqlalchemy_in_sqlite_are_uuids_too() {
        assert!(uuid("6f9619ff8b86d011b42d00c04fc964ff").is_some());
        assert!(uuid("6f9619ff-8b86-d011-b42d-00c04fc964ff").is_some());
        for text in [
            "17",
            "",
            "00000000-0000-0000-0000-000000000000",
            "{6f9619ff-8b86-d011-b42d-00c04fc964ff}",
        ] {
            assert!(uuid(text).is_none(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_an_instant_never_panics(text in "\\PC{0,40}") {
            let _ = moment(&text);
        }
    }
}
