//! Values in a query or a form, where everything is text.

use serde_json::Value;
use time::OffsetDateTime;
use utoipa::openapi::{RefOr, Schema};

use crate::input::{Field, Instant, Letters, NamedSchemas, Refusal, TextLimits, instant};

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

    fn schema() -> RefOr<Schema> {
        bool::schema()
    }
}

/// A short text in a query.
#[derive(Clone, Debug)]
pub struct Term(pub String);

const TERM: TextLimits =
    TextLimits { trimmed: false, blank: true, max: 254, letters: Letters::Printable };

impl Field for Term {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        TERM.read(text(value)?.into()).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        TERM.schema().into()
    }
}

/// An instant in a query, where a plus sign would be read as a space.
#[derive(Clone, Copy, Debug)]
pub struct QueryInstant(pub OffsetDateTime);

impl Field for QueryInstant {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let message = "must be an RFC 3339 date and time, or a date, + written as %2B";
        instant(&text(value)?).map(Self).ok_or_else(|| (message.into(), "datetime_parsing"))
    }

    fn schema() -> RefOr<Schema> {
        Instant::schema()
    }
}

/// A text in a query whose meaning is found out later: a cursor, whose order is another parameter.
#[derive(Clone, Debug)]
pub struct Opaque(pub String);

impl Field for Opaque {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        text(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

/// A field of a body as a parameter of a query, given once.
#[derive(Clone, Copy, Debug)]
pub struct Once<T>(pub T);

impl<T: Field> Field for Once<T> {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        T::from_json(text(value)?.into()).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        T::schema()
    }

    fn add_schemas(schemas: &mut NamedSchemas) {
        T::add_schemas(schemas);
    }
}
