//! Permissions: the closed list of what a role can allow (`users:read`, …), in one table from which the
//! documentation and the OpenAPI document are generated. The role `admin` has `*`, which stands for all
//! permissions, including those of later versions; no other role can have it.

use serde::Serialize;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The permission that an operation requires, as a type, so that it is part of the handler's signature.
pub trait Needed: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($allows:literal $name:ident = $text:tt;)+) => {
        /// What a role can allow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Permission {
            $(#[doc = $allows] #[serde(rename = $text)] $name,)+
        }

        impl Permission {
            /// All permissions, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in roles, challenges and documents.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// What it allows, as a sentence.
            pub const fn allows(self) -> &'static str {
                match self { $(Self::$name => $allows),+ }
            }
        }

        impl PartialSchema for Permission {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some("A permission of a role."))
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }

        impl ToSchema for Permission {}

        $(
            #[doc = concat!("Needs `", $text, "`.")]
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Needed for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+
    };
}

permissions! {
    "List and show accounts." UsersRead = "users:read";
    "Create, change, disable, ban and delete accounts." UsersWrite = "users:write";
    "List and end other users' sessions." SessionsWrite = "sessions:write";
    "List and revoke other users' API keys, and create keys for service accounts." KeysWrite = "keys:write";
    "Grant and revoke roles." RolesGrant = "roles:grant";
    "List, create, change and delete roles." RolesWrite = "roles:write";
    "Read the audit log." AuditRead = "audit:read";
    "Introspect tokens." TokensIntrospect = "tokens:introspect";
}

impl Permission {
    /// Stands for all permissions; only the role `admin` has it.
    pub const EVERY: &'static str = "*";

    /// The permission with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text)
    }

    /// The table of permissions in Markdown.
    pub fn table() -> String {
        let rows = Self::ALL.iter().map(|it| format!("| `{}` | {} |\n", it.as_str(), it.allows()));
        format!("| permission | allows |\n| --- | --- |\n{}", rows.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::Permission;

    #[test]
    fn every_permission_is_found_by_its_own_string_alone() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
            let quoted = serde_json::to_string(permission).unwrap();
            assert_eq!(quoted, format!("\"{}\"", permission.as_str()));
        }
        for text in ["*", "", "users", "Users:Read", "users:read ", "users:%"] {
            assert_eq!(Permission::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_document_names_the_strings_that_the_api_takes() {
        let schema = serde_json::to_value(Permission::schema()).unwrap();
        let names: Vec<_> = schema["enum"].as_array().unwrap().iter().collect();
        let taken: Vec<_> = Permission::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(names, taken);
    }
}
