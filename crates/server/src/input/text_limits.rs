//! The limits of a text, for the parser and the OpenAPI document.

use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, Type};

use super::{Field, Refusal};

/// The limits of a text; lengths are in characters.
#[derive(Clone, Copy, Debug)]
pub struct TextLimits {
    /// Whether surrounding spaces are removed first.
    pub trimmed: bool,
    /// Whether an empty text is allowed.
    pub blank: bool,
    /// Maximum number of characters.
    pub max: usize,
    /// The allowed characters.
    pub letters: Letters,
}

/// The characters that a text may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// Text of several lines: no control characters except tabs and line ends. PostgreSQL cannot store NUL,
    /// and no text needs the others, which are six bytes each in JSON.
    Lines,
    /// No control characters.
    Printable,
}

impl TextLimits {
    /// Parses a text within these limits.
    pub fn read(&self, value: Value) -> Result<String, Refusal> {
        let text = String::from_json(value)?;
        let kept = self.kept(&text);
        if !self.blank && kept.is_empty() {
            return Err(("must not be blank".into(), "string_too_short"));
        }
        if kept.chars().count() > self.max {
            let message = format!("must have at most {} characters", self.max);
            return Err((message, "string_too_long"));
        }
        if kept.chars().any(|letter| self.letters.refuse(letter)) {
            return Err(("must not contain control characters".into(), "value_error"));
        }
        if kept.len() == text.len() { Ok(text) } else { Ok(kept.to_owned()) }
    }

    fn kept<'a>(&self, text: &'a str) -> &'a str {
        if self.trimmed { text.trim() } else { text }
    }

    /// The same as a schema.
    pub fn schema(&self) -> ObjectBuilder {
        let pattern = match self.letters {
            Letters::Lines => r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
            Letters::Printable => r"^[^\u0000-\u001f\u007f-\u009f]*$",
        };
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length((!self.blank).then_some(1))
            .max_length(Some(self.max))
            .pattern(Some(pattern))
    }
}

impl Letters {
    fn refuse(self, letter: char) -> bool {
        letter.is_control() && !(self == Self::Lines && matches!(letter, '\t' | '\n' | '\r'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use utoipa::openapi::Object;

    use super::*;

    fn limits() -> impl Strategy<Value = TextLimits> {
        let letters = prop_oneof![Just(Letters::Lines), Just(Letters::Printable)];
        (any::<bool>(), any::<bool>(), 1usize..6, letters)
            .prop_map(|(trimmed, blank, max, letters)| TextLimits { trimmed, blank, max, letters })
    }

    /// The schema's verdict on a text.
    fn valid(schema: &Object, text: &str) -> bool {
        let count = text.chars().count();
        let pattern = schema.pattern.as_deref().unwrap_or_default();
        let letters = match pattern {
            r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$" => !text.chars().any(|letter| {
                matches!(letter, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
            }),
            r"^[^\u0000-\u001f\u007f-\u009f]*$" => {
                !text.chars().any(|letter| matches!(letter, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'))
            }
            other => panic!("a pattern that this test does not know: {other}"),
        };
        letters
            && schema.min_length.is_none_or(|min| count >= min)
            && schema.max_length.is_none_or(|max| count <= max)
    }

    proptest! {
        #[test]
        fn the_schema_allows_what_the_reader_takes(
            limits in limits(),
            text in "[a-bé\u{0}\u{1}\u{85} \n\t\u{b}]{0,8}",
        ) {
            let schema = limits.schema().build();
            let kept = limits.kept(&text);
            let wanted = valid(&schema, kept).then_some(kept);
            let read = limits.read(text.clone().into()).ok();
            prop_assert_eq!(read.as_deref(), wanted);
        }
    }
}
