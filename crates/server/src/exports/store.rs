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
    /// An account's name at another issuer.
    #[derive(Debug, Serialize, ToSchema)]
    pub(super) struct HeldIdentity {
        /// Its id here.
        pub id: Uuid,
        /// Who vouches.
        pub issuer: String,
        /// What the person is called there.
        pub subject: String,
        /// Whether the issuer said that the account's address is this person's.
        pub address_proven: bool,
        /// When it was first seen.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
    }
}

row! {
    /// A session, also one that has ended.
    #[derive(Debug, Serialize, ToSchema)]
    pub(super) struct HeldSession {
        /// Its id.
        pub id: Uuid,
        /// The address it began from.
        #[schema(required = true)]
        pub ip: Option<String>,
        /// The `User-Agent` it began with.
        #[schema(required = true)]
        pub user_agent: Option<String>,
        /// When it began.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub created_at: OffsetDateTime,
        /// When it was last refreshed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub last_seen_at: OffsetDateTime,
        /// When it ends unless it is refreshed.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub expires_at: OffsetDateTime,
        /// When it ended; null while it lives.
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
