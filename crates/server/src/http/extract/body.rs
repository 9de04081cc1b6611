//! Reads request bodies strictly: JSON objects without duplicate keys, then field by field, so that
//! an answer names all problems at once. Unknown fields are ignored.

use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Error, Invalid};

const TAKES: &str = "application/json, in UTF-8 and without Content-Encoding";

/// A JSON object read from the body: 415, 413, 400, or the fields. `KIB` is the limit in KiB.
#[derive(Debug)]
pub struct JsonBody<const KIB: usize = 64>(pub Fields);

impl<S: Send + Sync, const KIB: usize> FromRequest<S> for JsonBody<KIB> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMediaType(TAKES));
        }
        let bytes = read(request, KIB * 1024).await?;
        parse_object(&bytes).map(Self)
    }
}

impl<S: Send + Sync, const KIB: usize> OptionalFromRequest<S> for JsonBody<KIB> {
    type Rejection = Error;

    /// `None` for an empty body, whatever its content type says.
    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Error> {
        let is_json = is_json(request.headers());
        let bytes = read(request, KIB * 1024).await?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if !is_json {
            return Err(Error::UnsupportedMediaType(TAKES));
        }
        parse_object(&bytes).map(|fields| Some(Self(fields)))
    }
}

/// Reads the whole body, at most `limit` bytes.
pub(super) async fn read(request: Request, limit: usize) -> Result<Bytes, Error> {
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error + 'static>::is::<http_body_util::LengthLimitError>);
        if too_large {
            Error::PayloadTooLarge
        } else {
            Error::BadRequest("The request body ended early or came too slowly.".into())
        }
    })
}

/// True if the body is declared as JSON, once, in UTF-8 (RFC 8259 §8.1) and not compressed: what this
/// server would read otherwise is not what the sender meant.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = media_type(headers) else { return false };
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let in_utf8 =
        parts.filter_map(|part| part.strip_prefix("charset=").map(str::to_owned)).all(|charset| {
            matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii" | "ascii")
        });
    is_json && in_utf8
}

/// The one `Content-Type`, unless the body is in a content coding (RFC 9110 §8.4).
pub(super) fn media_type(headers: &HeaderMap) -> Option<&str> {
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| coding != "identity") {
        return None;
    }
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => kind.to_str().ok(),
        _ => None,
    }
}

/// Parses bytes as one JSON object.
pub(super) fn parse_object(bytes: &[u8]) -> Result<Fields, Error> {
    let value: Strict = serde_json::from_slice(bytes).map_err(|error| {
        // serde_json's message may quote the input: only the position is passed on.
        let what = if error.is_data() { "has a duplicate key" } else { "is not valid JSON" };
        let (line, column) = (error.line(), error.column());
        Error::BadRequest(format!("The body {what} (line {line}, column {column})."))
    })?;
    match value.0 {
        Value::Object(map) => Ok(Fields::new("body", map)),
        _ => Err(Error::Validation(vec![Invalid {
            place: "body",
            field: String::new(),
            message: "must be a JSON object".into(),
            kind: "object_type",
        }])),
    }
}

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

/// A type that one JSON value parses into.
pub trait Field: Sized {
    /// Parses the value; the error is (sentence end, FastAPI type word).
    fn from_json(value: Value) -> Result<Self, (String, &'static str)>;
}

impl Field for String {
    fn from_json(value: Value) -> Result<Self, (String, &'static str)> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(("must be a string".into(), "string_type")),
        }
    }
}

impl Field for bool {
    fn from_json(value: Value) -> Result<Self, (String, &'static str)> {
        value.as_bool().ok_or_else(|| ("must be true or false".into(), "bool_type"))
    }
}

/// The fields of a body, query or form, with the problems found so far.
#[derive(Debug)]
pub struct Fields {
    place: &'static str,
    map: Map<String, Value>,
    problems: Vec<Invalid>,
}

impl Fields {
    /// Fields that came from `place`.
    pub fn new(place: &'static str, map: Map<String, Value>) -> Self {
        Self { place, map, problems: Vec::new() }
    }

    /// Takes a field out; a value that does not parse is noted and reads as absent.
    pub fn take<T: Field>(&mut self, name: &str) -> Given<T> {
        match self.map.remove(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => match T::from_json(value) {
                Ok(value) => Given::Value(value),
                Err((message, kind)) => {
                    self.refuse(name, message, kind);
                    Given::Absent
                }
            },
        }
    }

    /// Takes a field that must be there and not null.
    pub fn required<T: Field>(&mut self, name: &str) -> Option<T> {
        let problems = self.problems.len();
        match self.take(name) {
            Given::Value(value) => Some(value),
            Given::Null => {
                self.refuse(name, "must not be null", "null");
                None
            }
            Given::Absent => {
                if self.problems.len() == problems {
                    self.refuse(name, "is required", "missing");
                }
                None
            }
        }
    }

    /// Takes a field that may be absent or null.
    pub fn optional<T: Field>(&mut self, name: &str) -> Option<T> {
        match self.take(name) {
            Given::Value(value) => Some(value),
            Given::Null | Given::Absent => None,
        }
    }

    /// True if the key is there, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Notes a problem with a field.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>, kind: &'static str) {
        self.problems.push(Invalid {
            place: self.place,
            field: name.into(),
            message: message.into(),
            kind,
        });
    }

    /// All problems at once, or nothing.
    pub fn finish(self) -> Result<(), Error> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Validation(self.problems)) }
    }
}

/// JSON whose objects have no duplicate keys: two readers of one body must not see two values.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(Strict(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(list.into())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
                let mut map = Map::new();
                while let Some((key, Strict(value))) = entries.next_entry::<String, _>()? {
                    if map.insert(key, value).is_some() {
                        return Err(serde::de::Error::custom("duplicate key"));
                    }
                }
                Ok(map.into())
            }
        }
        from.deserialize_any(Any).map(Strict)
    }
}
