//! One invalid input: its location and the error.

use std::fmt;

/// One invalid input, in FastAPI's terms (`loc`, `msg`, `type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Its location: `body`, `query`, `path` or `header`.
    pub place: &'static str,
    /// The field's name; empty for the location as a whole.
    pub field: String,
    /// The error, as the end of a sentence that begins with the field's name.
    pub message: String,
    /// FastAPI's error type: `missing`, `value_error`, `string_type`, …
    pub kind: &'static str,
}

impl Invalid {
    /// A field that is invalid for this reason: (message, FastAPI's error type).
    pub fn new(
        place: &'static str,
        field: impl Into<String>,
        (message, kind): (String, &'static str),
    ) -> Self {
        Self { place, field: field.into(), message, kind }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.field.is_empty() { self.place } else { &self.field };
        write!(out, "{name}: {}", self.message)
    }
}
