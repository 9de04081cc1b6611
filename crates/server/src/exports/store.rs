//! The statements of exports: pages of what other stores list only in part.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Database;
use crate::gate::Authority;
use crate::passkeys::PasskeyView;
use crate::sql::Result;
use crate::{row, statements, step, text};

statements! {
    IDENTITIES = text!("SELECT ", HeldIdentity::COLUMNS, " FROM identities \
        WHERE user_id = :owner AND id > :after ORDER BY id LIMIT :limit");
    SESSIONS = text!("SELECT ", HeldSession::COLUMNS, " FROM sessions \
        WHERE user_id = :owner AND id > :after ORDER BY id LIMIT :limit");
    PASSKEYS = text!("SELECT ", PasskeyView::COLUMNS, " FROM passkeys \
        WHERE passkeys.user_id = :owner ORDER BY passkeys.id");
}

row! {
    /// The account's identity at another issuer.
    #[derive(Debug, Serialize, ToSchema)]
    pub struct HeldIdentity {
        /// Its id on this server.
        pub id: Uuid,
        /// The issuer.
        pub issuer: String,
        /// The person's subject id at the issuer.
        pub subject: String,
        /// Whether the issuer confirmed that the account's address belongs to this person.
        pub address_proven: bool,
        /// When it was first seen.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
    }
}

row! {
    /// A session, active or ended.
    #[derive(Debug, Serialize, ToSchema)]
    pub struct HeldSession {
        /// Its id.
        pub id: Uuid,
        /// The client address it started from.
        #[schema(required = true)]
        pub ip: Option<String>,
        /// The `User-Agent` it started with.
        #[schema(required = true)]
        pub user_agent: Option<String>,
        /// When it began.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last refreshed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub last_seen_at: OffsetDateTime,
        /// When it expires unless it is refreshed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub expires_at: OffsetDateTime,
        /// When it ended; null while it is active.
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        #[schema(required = true)]
        pub ended_at: Option<OffsetDateTime>,
        /// Why it ended.
        #[schema(required = true)]
        pub end_reason: Option<String>,
    }
}

pub(super) async fn identities(
    db: &Database,
    authority: Authority,
    owner: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<HeldIdentity>> {
    db.read_by(authority, step!(IDENTITIES { owner, after, limit })).await
}

pub(super) async fn sessions(
    db: &Database,
    authority: Authority,
    owner: Uuid,
    after: Uuid,
    limit: i64,
) -> Result<Vec<HeldSession>> {
    db.read_by(authority, step!(SESSIONS { owner, after, limit })).await
}

pub(super) async fn passkeys(
    db: &Database,
    authority: Authority,
    owner: Uuid,
) -> Result<Vec<PasskeyView>> {
    db.read_by(authority, step!(PASSKEYS { owner })).await
}
