//! Display name: 1–100 characters after trimming, no control characters; stored trimmed.

use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};

use crate::input::{Field, Letters, Refusal, TextLimits};

const LIMITS: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 100, letters: Letters::Printable };

/// A trimmed name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The trimmed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Field for Name {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        LIMITS.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        LIMITS.schema().into()
    }
}

#[cfg(test)]
mod tests {
    use super::Name;
    use crate::input::Field;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        let parse = |text: &str| Name::from_json(text.into());
        assert_eq!(parse("  Ada \n").unwrap().as_str(), "Ada");
        assert_eq!(parse(&"é".repeat(100)).unwrap().as_str().chars().count(), 100);
        assert_eq!(parse(&"é".repeat(101)).unwrap_err().1, "string_too_long");
        assert_eq!(parse(" \t").unwrap_err().1, "string_too_short");
        assert_eq!(parse("A\0B").unwrap_err().1, "value_error");
        assert_eq!(parse("A\u{85}B").unwrap_err().1, "value_error");
    }
}
