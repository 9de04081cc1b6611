//! Values in a query, which are all text.

use serde_json::Value;
use time::OffsetDateTime;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};
use uuid::Uuid;

use crate::input::{Field, Fields, Instant, Letters, Refusal, TextLimits, instant};

/// A type that is parsed from the text of one parameter.
pub trait Parameter: Sized {
    /// Whether an empty text counts as absent.
    const EMPTY_IS_NONE: bool = false;

    /// Parses the text.
    fn from_text(text: String) -> Result<Self, Refusal>;

    /// Its description in the OpenAPI document, including limits.
    fn schema() -> RefOr<Schema>;
}

/// A field of a struct declared by `query!`: an `Option`, or a type with a default.
pub trait QuerySlot: Sized {
    /// The type of a present value.
    type Inner: Parameter;

    /// The field for a present value, or for none.
    fn of(given: Option<Self::Inner>) -> Self;
}

impl<T: Parameter> QuerySlot for Option<T> {
    type Inner = T;

    fn of(given: Option<T>) -> Self {
        given
    }
}

impl<T: Parameter + Default> QuerySlot for T {
    type Inner = T;

    fn of(given: Option<T>) -> Self {
        given.unwrap_or_default()
    }
}

impl Fields {
    /// Removes a parameter; `None` if it is absent or invalid, which is recorded.
    pub fn parameter<P: Parameter>(&mut self, name: &'static str) -> Option<P> {
        let read = |text: String| {
            if P::EMPTY_IS_NONE && text.is_empty() {
                return Ok(None);
            }
            P::from_text(text).map(Some)
        };
        match text(self.take(name)?).and_then(read) {
            Ok(value) => value,
            Err(why) => {
                self.note(name, Some(why));
                None
            }
        }
    }
}

/// A parameter in the OpenAPI document.
pub fn described_parameter<P: Parameter>(
    name: &str,
    about: &str,
) -> utoipa::openapi::path::Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(P::schema()))
        .build()
}

fn text(value: Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(("must be given only once".into(), "value_error")),
    }
}

/// Case-insensitive, because Python clients send `True`.
impl Parameter for bool {
    fn from_text(text: String) -> Result<Self, Refusal> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(("must be true or false".into(), "bool_parsing")),
        }
    }

    fn schema() -> RefOr<Schema> {
        <Self as Field>::schema()
    }
}

const TERM: TextLimits =
    TextLimits { trimmed: false, blank: true, max: 254, letters: Letters::Printable };

/// A short text.
impl Parameter for String {
    const EMPTY_IS_NONE: bool = true;

    fn from_text(text: String) -> Result<Self, Refusal> {
        TERM.read(text.into())
    }

    fn schema() -> RefOr<Schema> {
        TERM.schema().into()
    }
}

impl Parameter for Uuid {
    fn from_text(text: String) -> Result<Self, Refusal> {
        Self::from_json(text.into())
    }

    fn schema() -> RefOr<Schema> {
        <String as Field>::schema()
    }
}

/// An instant, whose plus sign would be decoded as a space.
impl Parameter for OffsetDateTime {
    fn from_text(text: String) -> Result<Self, Refusal> {
        let message = "must be an RFC 3339 date and time with an offset; write + as %2B";
        instant(&text).ok_or_else(|| (message.into(), "datetime_parsing"))
    }

    fn schema() -> RefOr<Schema> {
        Instant::schema()
    }
}

/// A text that is parsed later: a cursor, whose order is another parameter.
#[derive(Clone, Debug)]
pub struct Opaque(pub String);

impl Parameter for Opaque {
    fn from_text(text: String) -> Result<Self, Refusal> {
        Ok(Self(text))
    }

    fn schema() -> RefOr<Schema> {
        <String as Field>::schema()
    }
}
