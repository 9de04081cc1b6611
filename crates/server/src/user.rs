//! A user as clients see it: everything about an account except its password hash.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::gate::role_names;
use crate::row;

row! {
    /// An account.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    pub struct User from users {
        /// Stable id.
        #[schema(value_type = String)]
        pub id: Uuid,
        /// As typed at registration; null where another identity provider gave none.
        #[schema(required = true)]
        pub email: Option<String>,
        /// Display name.
        #[schema(required = true)]
        pub name: Option<String>,
        /// Name to sign in with besides the address; there only if the account has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        pub username: Option<String>,
        /// False: the account is disabled.
        pub is_active: bool,
        /// True once the address was proven.
        pub email_verified: bool,
        /// Role names, sorted.
        pub roles: Vec<String> = (role_names!("users.id")),
        /// When the account was made.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last changed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub updated_at: OffsetDateTime,
    }
}
