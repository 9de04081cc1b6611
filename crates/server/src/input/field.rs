//! One field: a value that parses or is refused, and whether it was there at all.

use serde_json::Value;

/// A field as it was given, in the terms of RFC 7396.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<T> {
    /// The key is absent: keep what is there.
    Absent,
    /// `null`: clear it.
    Null,
    /// A value.
    Value(T),
}

/// Why a value is refused: the end of a sentence that begins with the field, and FastAPI's word for it.
pub type Refusal = (String, &'static str);

/// A type that one JSON value parses into.
pub trait Field: Sized {
    /// Parses the value.
    fn from_json(value: Value) -> Result<Self, Refusal>;
}

impl Field for String {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(("must be a string".into(), "string_type")),
        }
    }
}

impl Field for bool {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        value.as_bool().ok_or_else(|| ("must be true or false".into(), "bool_type"))
    }
}
