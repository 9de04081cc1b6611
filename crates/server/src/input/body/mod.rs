//! Declares a body once: the struct, its parser and its schema. Rules that need more than the body itself (a
//! clock, a file) are checked on a [`Draft`], so that their problems are reported together with the others.

mod slot;

pub use slot::{Slot, add_schemas_of, schema_of, schema_or};

use crate::error::Error;
use crate::input::Fields;

/// A struct declared by `body!`.
pub trait Body: Sized {
    /// Its fields in order, each `None` if it was invalid.
    type Parts;

    /// Parses the fields; problems are recorded.
    fn parts(fields: &mut Fields) -> Self::Parts;

    /// The body, unless a field was invalid.
    fn whole(parts: Self::Parts) -> Option<Self>;
}

/// What a handler can take as a body.
pub trait FromFields: Sized {
    /// Parses the fields.
    fn from_fields(fields: Fields) -> Result<Self, Error>;
}

impl<B: Body> FromFields for B {
    fn from_fields(mut fields: Fields) -> Result<Self, Error> {
        let parts = B::parts(&mut fields);
        fields.finish_with(B::whole(parts))
    }
}

/// A parsed body to which more problems can be added.
#[derive(Debug)]
pub struct Draft<B: Body> {
    /// The fields in order, each `None` if it was invalid.
    pub parts: B::Parts,
    /// Where more problems are recorded.
    pub fields: Fields,
}

impl<B: Body> FromFields for Draft<B> {
    fn from_fields(mut fields: Fields) -> Result<Self, Error> {
        Ok(Self { parts: B::parts(&mut fields), fields })
    }
}

impl<B: Body> Draft<B> {
    /// The body, or all its problems at once.
    pub fn finish(self) -> Result<B, Error> {
        self.fields.finish_with(B::whole(self.parts))
    }
}

/// Declares a body: its struct, its parser ([`Body`]) and its OpenAPI schema. The type of a field says
/// whether it is optional or nullable; see the table in `input/body/slot.rs`. `email or username: T` reads
/// the second name if the first is absent. Fields under `checked` are parsed and validated like any other,
/// but not kept. `as "Name"` sets the schema's name if it differs from the struct's.
macro_rules! body {
    (
        $(#[doc = $about:literal])*
        $(#[derive($($derive:ident),*)])?
        $vis:vis struct $Name:ident $(as $schema:literal)? {
            $(
                $(#[doc = $doc:literal])*
                $fvis:vis $name:ident $(or $alias:ident)* : $type:ty $(= $default:expr)?
            ),+ $(,)?
        }
        $(checked {
            $(
                $(#[doc = $cdoc:literal])*
                $cname:ident: $ctype:ty $(= $cdefault:expr)?
            ),+ $(,)?
        })?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug $(, $($derive),*)?)]
        $vis struct $Name {
            $($(#[doc = $doc])* $fvis $name: $type,)+
        }

        impl $crate::input::Body for $Name {
            type Parts = ($(Option<$type>,)+);

            fn parts(fields: &mut $crate::input::Fields) -> Self::Parts {
                $(
                    let name = fields.name_of(&[stringify!($name) $(, stringify!($alias))*]);
                    let $name = body!(@read fields, name, $type $(, $default)?);
                )+
                $($(
                    let name = stringify!($cname);
                    let _ = body!(@read fields, name, $ctype $(, $cdefault)?);
                )+)?
                ($($name,)+)
            }

            fn whole(($($name,)+): Self::Parts) -> Option<Self> {
                Some(Self { $($name: $name?,)+ })
            }
        }

        impl utoipa::PartialSchema for $Name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let about = [$($about),*].map(str::trim).join("\n");
                let object = utoipa::openapi::ObjectBuilder::new()
                    .description((!about.is_empty()).then_some(about));
                $(
                    let about = [$($doc),*].map(str::trim).join("\n");
                    let object = object.property(
                        stringify!($name),
                        body!(@schema &about, $type $(, $default)?),
                    );
                    let object = body!(@required object, $name, $type $(, $default)?);
                )+
                $($(
                    let about = [$($cdoc),*].map(str::trim).join("\n");
                    let object = object.property(
                        stringify!($cname),
                        body!(@schema &about, $ctype $(, $cdefault)?),
                    );
                )+)?
                object.into()
            }
        }

        impl utoipa::ToSchema for $Name {
            fn name() -> std::borrow::Cow<'static, str> {
                let names: &[&str] = &[$($schema,)? stringify!($Name)];
                names[0].into()
            }

            fn schemas(schemas: &mut $crate::input::NamedSchemas) {
                $($crate::input::add_schemas_of::<$type>(schemas);)+
            }
        }
    };
    (@read $fields:ident, $known:ident, $type:ty) => {
        <$type as $crate::input::Slot>::read($fields, $known)
    };
    (@read $fields:ident, $known:ident, $type:ty, $default:expr) => {
        <$type as $crate::input::Slot>::read_or($fields, $known, $default)
    };
    (@schema $about:expr, $type:ty) => {
        $crate::input::schema_of::<$type>($about)
    };
    (@schema $about:expr, $type:ty, $default:expr) => {
        $crate::input::schema_or::<$type>($about, &$default)
    };
    (@required $object:ident, $name:ident, $type:ty) => {
        if <$type as $crate::input::Slot>::REQUIRED {
            $object.required(stringify!($name))
        } else {
            $object
        }
    };
    (@required $object:ident, $name:ident, $type:ty, $default:expr) => {
        $object
    };
}
pub(crate) use body;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use utoipa::{PartialSchema, ToSchema};

    use super::{Draft, FromFields};
    use crate::error::Error;
    use crate::input::{Given, parse_object};

    body! {
        /// A thing
        /// of two lines.
        #[derive(PartialEq)]
        struct Thing as "SomeThing" {
            /// Its name.
            name or title: String,
            /// Its size.
            big: bool = true,
            /// What is known of it.
            known: Option<bool>,
            /// What changes.
            change: Option<bool> = None,
            /// What is merged.
            note: Given<String>,
        }
        checked {
            /// Not kept.
            hint: Option<String>,
        }
    }

    fn read<B: FromFields>(body: &Value) -> Result<B, Error> {
        B::from_fields(parse_object(body.to_string().as_bytes())?)
    }

    fn problems(body: &Value) -> Vec<(String, &'static str)> {
        match read::<Thing>(body) {
            Err(Error::Validation(all)) => {
                all.into_iter().map(|problem| (problem.field, problem.kind)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_left_out_is_what_the_type_says() {
        let thing: Thing = read(&json!({"name": "a"})).unwrap();
        let expected =
            Thing { name: "a".into(), big: true, known: None, change: None, note: Given::Absent };
        assert_eq!(thing, expected);
        let cleared = json!({"name": "a", "known": null, "note": null, "hint": null});
        assert_eq!(read::<Thing>(&cleared).unwrap(), Thing { note: Given::Null, ..expected });
    }

    #[test]
    fn the_second_name_is_read_where_the_first_is_absent() {
        let name = |body| read::<Thing>(&body).unwrap().name;
        assert_eq!(name(json!({"title": "a"})), "a");
        assert_eq!(name(json!({"title": "a", "name": "b"})), "b");
        assert_eq!(problems(&json!({})), [("name".into(), "missing")]);
        assert_eq!(problems(&json!({"title": 1})), [("title".into(), "string_type")]);
    }

    #[test]
    fn all_problems_are_named_at_once_in_the_order_of_the_fields() {
        let body =
            json!({"hint": 1, "note": 1, "change": null, "known": 1, "big": null, "name": null});
        let expected = [
            ("name", "null"),
            ("big", "null"),
            ("known", "bool_type"),
            ("change", "null"),
            ("note", "string_type"),
            ("hint", "string_type"),
        ];
        assert_eq!(problems(&body), expected.map(|(field, kind)| (field.to_owned(), kind)));
    }

    #[test]
    fn a_draft_takes_more_problems_and_names_them_with_the_others() {
        let mut draft: Draft<Thing> = read(&json!({"big": true})).unwrap();
        let (name, big, ..) = &draft.parts;
        assert_eq!((name, big), (&None, &Some(true)));
        draft.fields.refuse("big", "must be small today", "value_error");
        let Err(Error::Validation(all)) = draft.finish() else { panic!("it was refused") };
        let fields: Vec<_> = all.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["name", "big"]);
        let draft: Draft<Thing> = read(&json!({"name": "a"})).unwrap();
        assert_eq!(draft.finish().unwrap().name, "a");
    }

    #[test]
    fn the_schema_says_what_the_reader_does() {
        assert_eq!(Thing::name(), "SomeThing");
        let schema = serde_json::to_value(Thing::schema()).unwrap();
        let expected = json!({
            "type": "object",
            "description": "A thing\nof two lines.",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "Its name."},
                "big": {"type": "boolean", "description": "Its size. `true` if absent."},
                "known": {"type": ["boolean", "null"], "description": "What is known of it."},
                "change": {"type": "boolean", "description": "What changes."},
                "note": {"type": ["string", "null"], "description": "What is merged."},
                "hint": {"type": ["string", "null"], "description": "Not kept."},
            },
        });
        assert_eq!(schema, expected);
    }
}
