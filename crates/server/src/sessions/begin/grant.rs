//! The `grant_type` that an OAuth 2.0 form may contain (RFC 6749 §4.3.2, §6): the one that its route
//! implements.

use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::input::{Field, Refusal};

macro_rules! grants {
    ($($(#[doc = $about:literal])+ $Grant:ident = $word:literal;)+) => {$(
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug)]
        pub(in crate::sessions) struct $Grant;

        impl Field for $Grant {
            fn from_json(value: Value) -> Result<Self, Refusal> {
                if value == $word {
                    Ok(Self)
                } else {
                    Err((concat!("must be ", $word).into(), "value_error"))
                }
            }

            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some([$word])).into()
            }
        }
    )+};
}

grants! {
    /// Sign-in.
    PasswordGrant = "password";
    /// Refresh.
    RefreshGrant = "refresh_token";
}
