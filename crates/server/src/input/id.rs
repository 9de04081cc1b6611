//! Ids: exactly one spelling each, 36 characters with hyphens.

use serde_json::Value;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use uuid::Uuid;

use super::{Field, Refusal};

impl Field for Uuid {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        let text = value.as_str().filter(|text| text.len() == 36);
        let id = text.and_then(|text| Self::try_parse(text).ok());
        id.ok_or_else(|| ("is not a UUID".into(), "uuid_parsing"))
    }

    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}
