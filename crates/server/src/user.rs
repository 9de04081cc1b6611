//! A user as shown to clients: the account without its password hash.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::gate::role_names;
use crate::metadata::MetadataObject;
use crate::row;

row! {
    /// An account.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    pub struct User from users {
        /// Stable id.
        #[schema(value_type = String)]
        pub id: Uuid,
        /// As entered at registration; null if an external identity provider gave none.
        #[schema(required = true)]
        pub email: Option<String>,
        /// Display name.
        #[schema(required = true)]
        pub name: Option<String>,
        /// Name to sign in with besides the address; there only if the account has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        pub username: Option<String>,
        /// Whether the account is active; false if it is disabled.
        pub is_active: bool,
        /// Whether the address is verified.
        pub email_verified: bool,
        /// Role names, sorted.
        pub roles: Vec<String> = (role_names!("users.id")),
        /// The user's language, as a BCP 47 tag.
        #[schema(required = true)]
        pub locale: Option<String>,
        /// Your app's own fields, which the account's owner may change.
        #[schema(value_type = Object)]
        pub user_metadata: MetadataObject,
        /// Your app's own fields, which only administrators may change.
        #[schema(value_type = Object)]
        pub app_metadata: MetadataObject,
        /// When the account was created.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last changed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub updated_at: OffsetDateTime,
    }
}
