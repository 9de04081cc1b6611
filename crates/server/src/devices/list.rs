//! `GET /auth/devices`: the caller's trusted devices. Their tokens are not stored.

use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Devices, store};
use crate::error::Error;
use crate::gate::Authority;
use crate::http::{Json, json};
use crate::keys::Caller;
use crate::row;

row! {
    /// A device whose sign-ins need no second step.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    pub struct TrustedDevice from trusted_devices {
        /// Stable id.
        #[schema(value_type = String)]
        pub id: Uuid,
        /// The browser and operating system, or the program, that was trusted.
        pub name: String,
        /// The client address it was trusted from.
        #[schema(required = true)]
        pub ip: Option<String>,
        /// When it was trusted.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it last replaced the second step.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true, value_type = Option<String>, format = DateTime)]
        pub last_used_at: Option<OffsetDateTime>,
        /// When the trust expires, however often it is used.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub expires_at: OffsetDateTime,
    }
}

/// List your trusted devices
///
/// Newest first. A sign-in from a trusted device needs no second step until the trust expires.
#[utoipa::path(get, path = "/devices", operation_id = "devices.list", tag = "factors",
    security(("bearer" = [])),
    responses((status = 200, description = "Your trusted devices", body = [TrustedDevice])))]
pub(super) async fn list(
    State(devices): State<Devices>,
    caller: Caller,
) -> Result<Json<Vec<TrustedDevice>>, Error> {
    devices.list_of(Authority::Caller(caller.gate), caller.user_id).await.map(json)
}

impl Devices {
    /// A user's valid devices.
    pub async fn list_of(
        &self,
        authority: Authority,
        owner: Uuid,
    ) -> Result<Vec<TrustedDevice>, Error> {
        let now = self.clock.now();
        store::list(&self.db, authority, owner, now).await?.ok_or(Error::NotFound)
    }
}
