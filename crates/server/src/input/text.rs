//! Values in a query or a form, where everything is text.

use serde_json::Value;

use super::{Field, Refusal};

/// The one text of a parameter, for the types that read it.
pub fn text(value: Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(("must be given once".into(), "value_error")),
    }
}

/// `true` or `false` in a query, in any case, because Python's clients send `True`.
#[derive(Clone, Copy, Debug)]
pub struct Flag(pub bool);

impl Field for Flag {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        match text(value)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err(("must be true or false".into(), "bool_parsing")),
        }
    }
}

/// A short text in a query.
#[derive(Clone, Debug)]
pub struct Term(pub String);

impl Field for Term {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = text(value)?;
        if text.chars().count() > 254 {
            return Err(("has more than 254 characters".into(), "string_too_long"));
        }
        if text.chars().any(char::is_control) {
            return Err(("must not contain control characters".into(), "value_error"));
        }
        Ok(Self(text))
    }
}
