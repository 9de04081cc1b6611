//! `GET /auth/sessions`: the caller's sessions, with time, address and client. Tokens are not stored.

use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Sessions, store};
use crate::error::Error;
use crate::gate::{Authority, Gate};
use crate::http::{Json, json};
use crate::keys::Caller;
use crate::row;

row! {
    /// An active session.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    #[schema(as = Session)]
    pub struct SessionView from sessions {
        /// Its id, which its tokens have in the claim `sid`.
        pub id: Uuid,
        /// When it began.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last refreshed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub last_seen_at: OffsetDateTime,
        /// When it expires unless it is refreshed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub expires_at: OffsetDateTime,
        /// The client address it started from.
        #[schema(required = true)]
        pub ip: Option<String>,
        /// The `User-Agent` it started with.
        #[schema(required = true)]
        pub user_agent: Option<String>,
        /// True for the session of the request's token.
        pub current: bool = "FALSE",
    }
}

/// List your sessions
/// Newest first, at most a thousand.
#[utoipa::path(get, path = "/sessions", operation_id = "sessions.list", tag = "sessions",
    security(("bearer" = [])),
    responses((status = 200, description = "Your sessions", body = [SessionView])))]
pub(super) async fn list(
    State(sessions): State<Sessions>,
    caller: Caller,
) -> Result<Json<Vec<SessionView>>, Error> {
    sessions.list(caller.gate).await.map(json)
}

impl Sessions {
    /// The live sessions of the gate's user.
    pub async fn list(&self, gate: Gate) -> Result<Vec<SessionView>, Error> {
        let mut found = self.list_of(Authority::Caller(gate), gate.user_id).await?;
        for session in &mut found {
            session.current = session.id == gate.session_id;
        }
        Ok(found)
    }

    /// The live sessions of a user.
    pub async fn list_of(
        &self,
        authority: Authority,
        owner: Uuid,
    ) -> Result<Vec<SessionView>, Error> {
        let (db, now) = (&self.db, self.clock.now());
        store::list(db, authority, owner, now).await?.ok_or(Error::NotFound)
    }
}
