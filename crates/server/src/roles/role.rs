//! A role: name, description, permissions.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::error::Error;
use crate::gate::Permission;
use crate::http::segment;
use crate::input::{Field, Letters, NamedSchemas, Refusal, TextLimits};
use crate::row;

const MAX_NAME: usize = 50;
const DESCRIPTION: TextLimits =
    TextLimits { trimmed: true, blank: true, max: 200, letters: Letters::Printable };

row! {
    /// A named set of permissions.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    pub struct Role from roles {
        /// Its name.
        #[schema(example = "support")]
        pub name: String,
        /// What it is for.
        pub description: String,
        /// What it allows, sorted; `*` stands for everything.
        #[schema(example = json!(["users:read"]))]
        pub permissions: Vec<String> = "(SELECT string_agg(p.permission, ',' ORDER BY p.permission) \
            FROM role_permissions p WHERE p.role = roles.name)",
        /// True for `admin` and `user`, which cannot be changed or deleted.
        pub built_in: bool,
    }
}

/// A role's name: 1–50 characters of `a-z 0-9 _ -`, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleName(String);

impl RoleName {
    /// Parses a name; `None` if invalid.
    pub fn parse(text: &str) -> Option<Self> {
        let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let good = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= MAX_NAME
            && text.chars().all(part);
        good.then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the role with all permissions.
    pub fn is_admin(&self) -> bool {
        self.0 == "admin"
    }
}

impl Field for RoleName {
    fn from_json(value: Value) -> std::result::Result<Self, Refusal> {
        let text = String::from_json(value)?;
        Self::parse(&text).ok_or_else(|| {
            let message = "must be 1 to 50 characters of a-z 0-9 _ - and start with a letter";
            (message.into(), "value_error")
        })
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX_NAME))
            .pattern(Some("^[a-z][a-z0-9_-]*$"))
            .into()
    }
}

/// The `{role}` of the path.
#[derive(Debug, IntoParams)]
#[into_params(names("role"), parameter_in = Path)]
pub(super) struct RoleInPath(
    /// The role's name
    #[param(value_type = String, max_length = 50, pattern = "^[a-z][a-z0-9_-]*$")]
    pub(super) RoleName,
);

impl<S: Send + Sync> FromRequestParts<S> for RoleInPath {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Error> {
        segment(parts, state, "role").await.map(Self)
    }
}

/// A role's description: at most 200 characters in one line.
#[derive(Clone, Debug)]
pub struct RoleDescription(pub(super) String);

impl Field for RoleDescription {
    fn from_json(value: Value) -> std::result::Result<Self, Refusal> {
        DESCRIPTION.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        DESCRIPTION.schema().into()
    }
}

/// Permissions from a client; duplicates are ignored.
#[derive(Clone, Debug)]
pub struct Allowed(pub(super) Vec<Permission>);

impl Field for Allowed {
    fn from_json(value: Value) -> std::result::Result<Self, Refusal> {
        let Value::Array(items) = value else {
            return Err(("must be a list".into(), "list_type"));
        };
        let known = |item: &Value| item.as_str().and_then(Permission::parse);
        let Some(mut all) = items.iter().map(known).collect::<Option<Vec<_>>>() else {
            let names: Vec<_> = Permission::ALL.iter().map(|it| it.as_str()).collect();
            return Err((format!("must hold only {}", names.join(", ")), "enum"));
        };
        all.sort_unstable();
        all.dedup();
        Ok(Self(all))
    }

    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Ref::from_schema_name(Permission::name())).into()
    }

    fn add_schemas(schemas: &mut NamedSchemas) {
        schemas.push((Permission::name().into(), Permission::schema()));
    }
}

/// The sorted strings of permissions.
pub(super) fn strings(permissions: &[Permission]) -> Vec<String> {
    let mut all: Vec<String> = permissions.iter().map(|it| it.as_str().to_owned()).collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_plain_words() {
        for good in ["a", "support", "tier-2_eu", &"a".repeat(50)] {
            assert!(RoleName::parse(good).is_some(), "{good}");
        }
        for bad in ["", "1a", "-a", "A", "a b", "a,b", "é", "a\0", &"a".repeat(51)] {
            assert!(RoleName::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_known_permissions_are_taken_and_never_the_star() {
        let read = |value| Allowed::from_json(value).map(|Allowed(all)| strings(&all));
        let twice = json!(["users:write", "audit:read", "users:write"]);
        assert_eq!(read(twice).unwrap(), ["audit:read", "users:write"]);
        assert_eq!(read(json!([])).unwrap(), Vec::<String>::new());
        for bad in [json!(["*"]), json!(["users:*"]), json!([1]), json!("users:read"), json!({})] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
