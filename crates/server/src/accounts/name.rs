//! Display name: 1–100 characters after trimming, no control characters; stored trimmed.

use serde_json::Value;

use crate::input::Field;

const MAX_CHARS: usize = 100;

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
    fn from_json(value: Value) -> Result<Self, (String, &'static str)> {
        let text = String::from_json(value)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(("must not be blank".into(), "string_too_short"));
        }
        if text.chars().count() > MAX_CHARS {
            return Err((format!("has more than {MAX_CHARS} characters"), "string_too_long"));
        }
        if text.chars().any(char::is_control) {
            return Err(("must not contain control characters".into(), "value_error"));
        }
        Ok(Self(text.to_owned()))
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
