//! A passkey as shown to its owner, and its name.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::input::{Field, Letters, Refusal, TextLimits};
use crate::row;

const LIMITS: TextLimits =
    TextLimits { trimmed: true, blank: false, max: 100, letters: Letters::Printable };

row! {
    /// A passkey. Its public key and its credential id are never returned.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    #[schema(as = Passkey)]
    pub struct PasskeyView from passkeys {
        /// Its id on this server.
        pub id: Uuid,
        /// The name its owner gave it.
        pub name: String,
        /// Whether it can be synced to several devices.
        pub backup_eligible: bool,
        /// Whether it is backed up, as of its last use.
        pub backed_up: bool,
        /// When it was added.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last used to sign in.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true)]
        pub last_used_at: Option<OffsetDateTime>,
    }
}

/// A passkey's name: 1–100 characters after trimming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// The trimmed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The default name: the browser it was added with, or what else is known.
    pub(super) fn of_client(user_agent: Option<&str>) -> Self {
        let device = user_agent.map(crate::mail::letter::device);
        Self(device.filter(|name| !name.is_empty()).unwrap_or_else(|| "Passkey".into()))
    }
}

impl Field for PasskeyName {
    fn from_json(value: Value) -> Result<Self, Refusal> {
        LIMITS.read(value).map(Self)
    }

    fn schema() -> RefOr<Schema> {
        LIMITS.schema().into()
    }
}
