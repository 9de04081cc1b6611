//! An API key as shown to clients: everything except the key itself, which only the creating response
//! contains.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::row;

row! {
    /// An API key.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    pub struct ApiKey from api_keys {
        /// The key's id, a digest of the key.
        #[schema(value_type = String)]
        pub id: Uuid,
        /// What it is for.
        #[schema(example = "nightly backup")]
        pub name: String,
        /// What it may be used for, limited to the owner's current permissions.
        #[schema(example = json!(["tasks:read"]))]
        pub scopes: Vec<String> = "trim(api_keys.scopes, ',')",
        /// The networks it may be used from; null: all.
        #[schema(required = true, nullable, example = json!(["203.0.113.0/24"]))]
        #[serde(serialize_with = "networks")]
        pub networks: Vec<String> = "(SELECT string_agg(n.network, ',' ORDER BY n.network) \
            FROM api_key_networks n WHERE n.key_id = api_keys.id)",
        /// When it was made.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it expires; null: never.
        #[schema(required = true)]
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        pub expires_at: Option<OffsetDateTime>,
        /// When it was last used, to the minute; null: never.
        #[schema(required = true)]
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        pub last_used_at: Option<OffsetDateTime>,
        /// The client address of the first use in that minute.
        #[schema(required = true)]
        pub last_used_ip: Option<String>,
    }
}

/// `None` if the key is valid from everywhere.
fn networks<S: serde::Serializer>(all: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    Some(all).filter(|all| !all.is_empty()).serialize(serializer)
}

/// A new API key, with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MadeKey {
    /// The key.
    #[serde(flatten)]
    pub about: ApiKey,
    /// Its text, for `Authorization: Bearer`. It is shown here and never again.
    #[schema(example = "dwk_0000000000000000000000000000000000000000000000000")]
    pub key: String,
}
