//! Parses a JSON object strictly: duplicate keys are rejected, because two parsers could see different
//! values.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Fields;
use crate::error::{Error, Invalid};

/// Parses bytes as one JSON object.
pub fn parse_object(bytes: &[u8]) -> Result<Fields, Error> {
    // RFC 8259 §8.1: a byte-order mark may be ignored.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let value: Strict = serde_json::from_slice(bytes).map_err(|error| {
        // serde_json's message may quote the input: only the position is used.
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

/// Whether a text is ASCII and stands in JSON as it is (RFC 8259 §7).
pub fn is_plain_ascii(text: &[u8]) -> bool {
    let plain = |byte: u8| (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\';
    // Looks at all bytes: stopping at the first would keep the compiler from taking many at once.
    text.iter().fold(true, |all, byte| all & plain(*byte))
}

/// JSON whose objects have no duplicate keys.
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
