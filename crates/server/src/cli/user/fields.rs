//! Account fields in arguments: languages and JSON objects.

use crate::cli::Failure;
use crate::input::{Field, Given, Locale};
use crate::metadata::MetadataObject;

/// A language tag.
pub(super) fn read_locale(tag: &str) -> Result<Locale, Failure> {
    Locale::from_json(tag.into()).map_err(|(why, _)| Failure::Usage(format!("--locale {why}.")))
}

/// A JSON object, if given.
pub(super) fn read_object(
    option: &str,
    text: Option<String>,
) -> Result<Option<MetadataObject>, Failure> {
    match read_patch(option, text)? {
        Given::Value(object) => Ok(Some(object)),
        Given::Absent | Given::Null => Ok(None),
    }
}

/// A merge patch: a JSON object, or `null`, which removes all fields.
pub(super) fn read_patch(
    option: &str,
    text: Option<String>,
) -> Result<Given<MetadataObject>, Failure> {
    let Some(text) = text else { return Ok(Given::Absent) };
    let wrong = |why: &str| Failure::Usage(format!("{option} {why}."));
    let example = r#"is not JSON; write an object in single quotes, such as '{"plan":"pro"}'"#;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| wrong(example))?;
    if value.is_null() {
        return Ok(Given::Null);
    }
    MetadataObject::from_json(value).map(Given::Value).map_err(|(why, _)| wrong(&why))
}
