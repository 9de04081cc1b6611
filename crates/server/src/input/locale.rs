//! A user's language: a BCP 47 tag (RFC 5646), such as `de` or `pt-BR`, stored in canonical form. Case is
//! ignored, and `_` counts as `-`, which some platforms write.

use icu_locale_core::Locale as Tag;
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use super::{Field, Refusal};

/// The length that RFC 5646 §4.4.1 requires programs to support.
const MAX: usize = 35;

/// A language tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale(String);

impl Locale {
    /// Parses a tag; `None` if invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let tag = text.trim_matches(' ').replace('_', "-");
        let tag = Some(tag).filter(|tag| tag.len() <= MAX)?;
        Tag::try_from_str(&tag).ok().map(|tag| Self(tag.to_string()))
    }

    /// In canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Field for Locale {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let why = "must be a language tag such as en, de or pt-BR";
        Self::parse(&String::from_json(value)?).ok_or_else(|| (why.into(), "value_error"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MAX))
            .examples([Value::from("pt-BR")])
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn language_tags_are_read_in_any_spelling_and_kept_in_one() {
        let read = |text: &str| Locale::parse(text).map(|tag| tag.as_str().to_owned());
        for (given, kept) in [
            ("de", "de"),
            ("PT-br", "pt-BR"),
            ("en_US", "en-US"),
            (" fr ", "fr"),
            ("zh-hant-TW", "zh-Hant-TW"),
            ("de-CH-1901", "de-CH-1901"),
        ] {
            assert_eq!(read(given).as_deref(), Some(kept));
        }
        for none in ["", "-", "deutsch-land-", "de DE", "en\n", "é", "x", &"de-".repeat(40)] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
