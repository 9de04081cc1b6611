//! `GET /auth/mfa`: the caller's second factors, and the number of recovery codes left.

use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Factors, store};
use crate::error::Error;
use crate::gate::Authority;
use crate::http::{Json, json};
use crate::keys::Caller;
use crate::row;

row! {
    /// An active second factor.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    #[schema(as = Factor)]
    pub struct FactorView from factors {
        /// Stable id.
        #[schema(value_type = String)]
        pub id: Uuid,
        /// `totp` for an authenticator app.
        pub kind: String,
        /// The name its owner gave it.
        #[schema(required = true)]
        pub name: Option<String>,
        /// When it was added.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last used to sign in.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true, value_type = Option<String>, format = DateTime)]
        pub last_used_at: Option<OffsetDateTime>,
    }
}

/// The second factors of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldFactors {
    /// The active factors, oldest first.
    pub factors: Vec<FactorView>,
    /// Number of unused recovery codes.
    pub recovery_codes_left: i64,
}

/// List your second factors
#[utoipa::path(get, path = "/mfa", operation_id = "factors.list", tag = "factors",
    security(("bearer" = [])),
    responses((status = 200, description = "Those that count", body = HeldFactors)))]
pub(super) async fn list(
    State(factors): State<Factors>,
    caller: Caller,
) -> Result<Json<HeldFactors>, Error> {
    factors.list(Authority::Caller(caller.gate), caller.user_id).await.map(json)
}

impl Factors {
    /// A user's active factors.
    pub async fn list(&self, authority: Authority, owner: Uuid) -> Result<HeldFactors, Error> {
        let (factors, recovery_codes_left) = store::list(&self.db, authority, owner).await?;
        Ok(HeldFactors { factors, recovery_codes_left })
    }
}
