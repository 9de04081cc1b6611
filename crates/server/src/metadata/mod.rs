//! An app's own fields on a task or an account: a JSON object, stored and shown as the same text. It is
//! changed by merge patches (RFC 7396), which the database applies in the statement that makes the change:
//! reading and writing back would take two round trips or lose concurrent changes.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::db::FromValue;
use crate::error::{Error, Invalid};
use crate::input::{Field, Refusal};
use crate::sql::{Value, ValueRef};

/// Maximum size in bytes of JSON; the statement has the same limit.
const MOST: usize = 16 * 1024;
/// Maximum size in bytes of a field in access tokens.
pub const TOKEN_FIELD_BYTES: usize = 256;
/// Maximum number of keys in one request, including nested objects.
const KEYS: usize = 256;
/// Maximum nesting depth.
const DEPTH: usize = 8;

/// The text of a JSON object; `None` if empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataObject(Option<String>);

impl MetadataObject {
    /// The length of its JSON.
    pub fn json_bytes(&self) -> usize {
        self.as_text().len()
    }

    /// The first of these fields whose value is too long for an access token.
    pub fn too_long_for_tokens<'a>(&self, names: &'a [String]) -> Option<&'a str> {
        if names.is_empty() || self.is_empty() {
            return None;
        }
        let all: Map<String, Json> = serde_json::from_str(self.as_text()).ok()?;
        let is_long = |name: &&String| {
            all.get(*name).is_some_and(|value| value.to_string().len() > TOKEN_FIELD_BYTES)
        };
        names.iter().find(is_long).map(String::as_str)
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The text of the object.
    pub fn as_text(&self) -> &str {
        self.0.as_deref().unwrap_or("{}")
    }
}

/// The error if the merged object would be too large.
pub fn too_large(field: &'static str) -> Error {
    let why = ("would have more than 16 KiB of JSON".into(), "too_long");
    Error::Validation(vec![Invalid::new("body", field, why)])
}

impl From<Map<String, Json>> for MetadataObject {
    fn from(members: Map<String, Json>) -> Self {
        Self(Some(Json::Object(members).to_string()).filter(|text| text != "{}"))
    }
}

impl Field for MetadataObject {
    fn from_json(value: Json) -> Result<Self, Refusal> {
        if !value.is_object() {
            return Err(("must be an object".into(), "dict_type"));
        }
        check(&value, 1, &mut 0)?;
        let text = value.to_string();
        if text.len() > MOST {
            return Err(("must have at most 16 KiB of JSON".into(), "too_long"));
        }
        Ok(Self(Some(text).filter(|text| text != "{}")))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .into()
    }
}

/// PostgreSQL's functions cannot read NUL, and each level and key takes database time to merge.
fn check(value: &Json, depth: usize, keys: &mut usize) -> Result<(), Refusal> {
    let has_nul = |text: &str| text.contains('\0');
    let refused = |why: &str| Err((why.into(), "value_error"));
    match value {
        Json::Object(_) | Json::Array(_) if depth > DEPTH => {
            refused("must have at most 8 levels of objects and lists")
        }
        Json::Object(members) => {
            *keys += members.len();
            if *keys > KEYS {
                return refused("must have at most 256 keys");
            }
            if members.keys().any(|key| has_nul(key)) {
                return refused("must not contain NUL");
            }
            members.values().try_for_each(|member| check(member, depth + 1, keys))
        }
        Json::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1, keys)),
        Json::String(text) if has_nul(text) => refused("must not contain NUL"),
        _ => Ok(()),
    }
}

impl Serialize for MetadataObject {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Some(text) = &self.0 else { return to.serialize_map(Some(0))?.end() };
        let raw: &RawValue = serde_json::from_str(text).map_err(serde::ser::Error::custom)?;
        raw.serialize(to)
    }
}

impl From<MetadataObject> for Value {
    fn from(metadata: MetadataObject) -> Self {
        metadata.0.into()
    }
}

impl FromValue for MetadataObject {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        Option::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> Json {
        (1..levels).fold(json!({}), |inside, _| json!({"a": inside}))
    }

    #[test]
    fn metadata_is_an_object_of_bounded_size_depth_and_keys() {
        let read = |value| MetadataObject::from_json(value).map_err(|(why, _)| why);
        assert_eq!(read(json!({})), Ok(MetadataObject::default()));
        assert_eq!(read(json!([])).unwrap_err(), "must be an object");
        assert!(read(nested(8)).is_ok());
        assert_eq!(read(nested(9)).unwrap_err(), "must have at most 8 levels of objects and lists");
        let keys = |count| (0..count).map(|n| (format!("k{n}"), json!(n))).collect::<Json>();
        assert!(read(keys(256)).is_ok());
        assert_eq!(read(keys(257)).unwrap_err(), "must have at most 256 keys");
        let of_bytes = |bytes: usize| json!({"a": "x".repeat(bytes - 8)});
        assert_eq!(read(of_bytes(16_384)).map(|read| read.json_bytes()), Ok(16_384));
        assert_eq!(read(of_bytes(16_385)).unwrap_err(), "must have at most 16 KiB of JSON");
        for nul in [json!({"a": ["\0"]}), json!({"a": {"\0": 1}})] {
            assert_eq!(read(nul).unwrap_err(), "must not contain NUL");
        }
    }

    #[test]
    fn it_is_shown_as_it_is_stored() {
        let stored = MetadataObject(Some(r#"{"b":1.50,"a":[1,{}]}"#.into()));
        assert_eq!(serde_json::to_string(&stored).unwrap(), r#"{"b":1.50,"a":[1,{}]}"#);
        assert_eq!(serde_json::to_string(&MetadataObject::default()).unwrap(), "{}");
    }
}
