//! A field of a body: what its Rust type says about being absent and about null.
//!
//! | declared | left out | `null` |
//! | --- | --- | --- |
//! | `name: T` | refused | refused |
//! | `name: T = default` | the default | refused |
//! | `name: Option<T>` | `None` | `None` |
//! | `name: Option<T> = None` | `None` | refused |
//! | `name: Given<T>` | `Absent` | `Null` |

use serde_json::Value;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{OneOfBuilder, RefOr, Schema, Type};

use crate::input::{Field, Fields, Given, NamedSchemas};

/// A type of a body's field.
pub trait Slot: Sized {
    /// Whether it is required, if it has no default.
    const REQUIRED: bool;
    /// The type of a present value.
    type Inner: Field;

    /// Parses it; `None` if invalid, which is recorded.
    fn read(fields: &mut Fields, name: &'static str) -> Option<Self>;

    /// This value of it.
    fn of(value: Self::Inner) -> Self;

    /// The value, if there is one.
    fn value(&self) -> Option<&Self::Inner>;

    /// Parses it; the default if absent.
    fn read_or(fields: &mut Fields, name: &'static str, default: Self) -> Option<Self> {
        match fields.given(name)? {
            Given::Value(value) => Some(Self::of(value)),
            Given::Absent => Some(default),
            Given::Null => fields.refuse_null(name),
        }
    }
}

impl<T: Field> Slot for T {
    const REQUIRED: bool = true;
    type Inner = T;

    fn read(fields: &mut Fields, name: &'static str) -> Option<Self> {
        fields.required(name)
    }

    fn of(value: T) -> Self {
        value
    }

    fn value(&self) -> Option<&T> {
        Some(self)
    }
}

impl<T: Field> Slot for Option<T> {
    const REQUIRED: bool = false;
    type Inner = T;

    fn read(fields: &mut Fields, name: &'static str) -> Option<Self> {
        match fields.given(name)? {
            Given::Value(value) => Some(Some(value)),
            Given::Absent | Given::Null => Some(None),
        }
    }

    fn of(value: T) -> Self {
        Some(value)
    }

    fn value(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl<T: Field> Slot for Given<T> {
    const REQUIRED: bool = false;
    type Inner = T;

    fn read(fields: &mut Fields, name: &'static str) -> Option<Self> {
        fields.given(name)
    }

    fn of(value: T) -> Self {
        Self::Value(value)
    }

    fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

/// The schema of a field without a default.
pub fn schema_of<S: Slot>(about: &str) -> RefOr<Schema> {
    let schema = S::Inner::schema();
    described(if S::REQUIRED { schema } else { nullable(schema) }, about)
}

/// The schema of a field with this default, which is in the description and not in `default`: client
/// generators would treat the field as always present.
pub fn schema_or<S: Slot>(about: &str, default: &S) -> RefOr<Schema> {
    let default = default.value().and_then(Field::to_json);
    let if_absent = default.map(|value| format!(" `{value}` if absent."));
    described(S::Inner::schema(), &(about.to_owned() + &if_absent.unwrap_or_default()))
}

/// The named schemas that a field's refers to.
pub fn add_schemas_of<S: Slot>(schemas: &mut NamedSchemas) {
    S::Inner::add_schemas(schemas);
}

fn nullable(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.schema_type = or_null(object.schema_type);
            if let Some(values) = &mut object.enum_values {
                values.push(Value::Null);
            }
            Schema::Object(object).into()
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = or_null(array.schema_type);
            Schema::Array(array).into()
        }
        other => {
            let null = utoipa::openapi::ObjectBuilder::new().schema_type(Type::Null);
            OneOfBuilder::new().item(null).item(other).into()
        }
    }
}

fn or_null(known: SchemaType) -> SchemaType {
    match known {
        SchemaType::Type(one) => SchemaType::Array(vec![one, Type::Null]),
        other => other,
    }
}

fn described(mut schema: RefOr<Schema>, about: &str) -> RefOr<Schema> {
    match &mut schema {
        RefOr::Ref(reference) => reference.description = about.into(),
        RefOr::T(Schema::Object(object)) => object.description = Some(about.into()),
        RefOr::T(Schema::Array(array)) => array.description = Some(about.into()),
        RefOr::T(Schema::OneOf(one)) => one.description = Some(about.into()),
        RefOr::T(_) => {}
    }
    schema
}
