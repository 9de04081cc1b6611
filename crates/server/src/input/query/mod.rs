//! Declares a query once: the struct, its parser and its OpenAPI parameters.

mod page;
mod parameter;
mod reach;

pub use page::{Cursor, PAGE_BYTES, Page, json_bytes};
pub use parameter::{Opaque, Parameter, QuerySlot, described_parameter};
pub use reach::Reach;

use crate::input::Fields;

/// The query of an operation: a struct declared by `query!`, a [`Page`], or several of them.
pub trait Parameters: Sized {
    /// Parses them. Problems are recorded in `fields`; the result is only meaningful if there are none.
    fn read(fields: &mut Fields) -> Self;
}

impl<A: Parameters, B: Parameters> Parameters for (A, B) {
    fn read(fields: &mut Fields) -> Self {
        (A::read(fields), B::read(fields))
    }
}

impl<A: Parameters, B: Parameters, C: Parameters> Parameters for (A, B, C) {
    fn read(fields: &mut Fields) -> Self {
        (A::read(fields), B::read(fields), C::read(fields))
    }
}

/// Declares a query: the struct, its parser ([`Parameters`]) and, for `params(…)` of `#[utoipa::path]`, the
/// parameters in the contract. `name: Option<T>` is `None` if the parameter is absent, `name: T` is the
/// default of `T`. Each doc comment is the parameter's description.
macro_rules! query {
    (
        $(#[doc = $about:literal])*
        $(#[derive($($derive:ident),*)])?
        $vis:vis struct $Name:ident {
            $(
                $(#[doc = $doc:literal])+
                $fvis:vis $name:ident: $type:ty
            ),+ $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug $(, $($derive),*)?)]
        $vis struct $Name {
            $($(#[doc = $doc])+ $fvis $name: $type,)+
        }

        impl $crate::input::Parameters for $Name {
            fn read(fields: &mut $crate::input::Fields) -> Self {
                Self {
                    $($name: <$type as $crate::input::QuerySlot>::of(
                        fields.parameter(stringify!($name)),
                    ),)+
                }
            }
        }

        impl utoipa::IntoParams for $Name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                vec![$({
                    let about = [$($doc),+].map(str::trim).join("\n");
                    $crate::input::described_parameter::<
                        <$type as $crate::input::QuerySlot>::Inner,
                    >(stringify!($name), &about)
                },)+]
            }
        }
    };
}
pub(crate) use query;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use utoipa::IntoParams;

    use super::{Page, Parameters};
    use crate::error::Error;
    use crate::input::Fields;

    query! {
        /// Which things.
        #[derive(Default, PartialEq)]
        struct ThingFilter {
            /// With this
            /// in it
            word: Option<String>,
            /// Red, or not
            red: Option<bool>,
            /// Those that are gone, too
            gone: bool,
        }
    }

    fn read<P: Parameters>(query: &Value) -> Result<P, Error> {
        let mut fields = Fields::new("query", query.as_object().unwrap().clone());
        let read = P::read(&mut fields);
        fields.finish().map(|()| read)
    }

    #[test]
    fn what_is_left_out_or_an_empty_word_asks_for_nothing() {
        assert_eq!(read::<ThingFilter>(&json!({})).unwrap(), ThingFilter::default());
        assert_eq!(read::<ThingFilter>(&json!({"word": ""})).unwrap(), ThingFilter::default());
        let all = json!({"word": "a", "red": "False", "gone": "1", "unknown": "x"});
        let expected = ThingFilter { word: Some("a".into()), red: Some(false), gone: true };
        assert_eq!(read::<ThingFilter>(&all).unwrap(), expected);
    }

    #[test]
    fn all_problems_are_named_at_once_those_of_the_page_too() {
        let bad = json!({"word": ["a", "b"], "red": "", "gone": "x", "limit": "0", "cursor": "x"});
        let Err(Error::Validation(all)) = read::<(ThingFilter, Page)>(&bad) else {
            panic!("it was taken")
        };
        let kinds: Vec<_> = all.iter().map(|one| (one.field.as_str(), one.kind)).collect();
        let expected = [
            ("word", "value_error"),
            ("red", "bool_parsing"),
            ("gone", "bool_parsing"),
            ("limit", "int_parsing"),
            ("cursor", "value_error"),
        ];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn the_contract_says_what_the_reader_does() {
        let described = serde_json::to_value(ThingFilter::into_params(|| None)).unwrap();
        let schema = json!({"type": "string", "maxLength": 254,
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"});
        let word = json!({"name": "word", "in": "query", "required": false,
            "description": "With this\nin it", "schema": schema});
        assert_eq!(described[0], word);
        assert_eq!(described[1]["schema"], json!({"type": "boolean"}));
    }
}
