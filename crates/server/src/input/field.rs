//! One field: parsing, its description in the OpenAPI document, and whether it was present.

use secrecy::SecretString;
use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// Why a value is invalid: the end of a sentence that begins with the field, and FastAPI's error type.
pub type Refusal = (String, &'static str);

/// Schemas by name, for references.
pub type NamedSchemas = Vec<(String, RefOr<Schema>)>;

/// A field as given, in the terms of RFC 7396.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// The key is absent: keep the value.
    #[default]
    Absent,
    /// `null`: clear it.
    Null,
    /// A value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// A type that is parsed from one JSON value.
pub trait Field: Sized {
    /// Parses the value.
    fn from_json(value: Value) -> Result<Self, Refusal>;

    /// Its description in the OpenAPI document, including limits.
    fn schema() -> RefOr<Schema>;

    /// The named schemas that [`Self::schema`] refers to.
    fn add_schemas(_: &mut NamedSchemas) {}

    /// The value as JSON, for types that serve as a default.
    fn to_json(&self) -> Option<Value> {
        None
    }
}

impl Field for String {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(("must be a string".into(), "string_type")),
        }
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

/// The maximum size of a token; longer ones are rejected without parsing.
const MAX_TOKEN_BYTES: usize = 4096;

/// One of our tokens, of any kind.
impl Field for SecretString {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = String::from_json(value)?;
        if text.len() > MAX_TOKEN_BYTES {
            return Err((format!("is longer than {MAX_TOKEN_BYTES} bytes"), "string_too_long"));
        }
        Ok(Self::from(text))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_TOKEN_BYTES)).into()
    }
}

impl Field for bool {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        value.as_bool().ok_or_else(|| ("must be true or false".into(), "bool_type"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Boolean).into()
    }

    fn to_json(&self) -> Option<Value> {
        Some((*self).into())
    }
}
