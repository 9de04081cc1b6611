//! A passkey as its owner sees it, and its name.

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
    /// A passkey of an account. Its key is never shown, nor what the authenticator calls it.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    #[schema(as = Passkey)]
    pub struct PasskeyView from passkeys {
        /// Its id here.
        pub id: Uuid,
        /// What its owner calls it.
        pub name: String,
        /// Whether it can be on several devices, as synced passkeys are.
        pub backup_eligible: bool,
        /// Whether it is backed up, as far as its last use said.
        pub backed_up: bool,
        /// When it was added.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When somebody last signed in with it.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true)]
        pub last_used_at: Option<OffsetDateTime>,
    }
}

/// What its owner calls a passkey: 1–100 characters after trimming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// The trimmed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of one that was given none: the browser it was added with, or what else is known.
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
