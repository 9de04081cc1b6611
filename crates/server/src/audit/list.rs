//! Reads the audit log: newest first, filtered, in pages.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use super::{Audit, Event, Outcome, store};
use crate::error::Error;
use crate::gate::Authority;
use crate::input::{Cursor, Page, Parameter, Refusal, json_bytes, query};
use crate::row;

row! {
    /// One recorded event.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
    #[schema(as = AuditEntry)]
    pub struct Entry {
        /// The id; ids increase over time.
        pub id: Uuid,
        /// When.
        #[serde(serialize_with = "crate::timestamp::serialize")]
        pub at: OffsetDateTime,
        /// What: `login`, `role.grant`, …
        pub event: String,
        /// `success`, `failure`, `blocked` or `denied`.
        pub outcome: String,
        /// Who: `user`, `key` for an API key of the user, `cli`, `anonymous` or `server`.
        pub actor: String,
        /// The user who did it.
        #[schema(required = true, value_type = Option<String>)]
        pub actor_id: Option<Uuid>,
        /// The affected user.
        #[schema(required = true, value_type = Option<String>)]
        pub subject_id: Option<Uuid>,
        /// The session or API key that was used or affected.
        #[schema(required = true)]
        pub session_id: Option<Uuid>,
        /// Further details.
        #[schema(required = true)]
        pub detail: Option<String>,
        /// The client's address.
        #[schema(required = true)]
        pub ip: Option<String>,
        /// The client's `User-Agent`.
        #[schema(required = true)]
        pub user_agent: Option<String>,
        /// The `X-Request-Id` of the request.
        #[schema(required = true)]
        pub request_id: Option<String>,
    }
}

query! {
    /// Which events; `None` asks for all.
    #[derive(Default)]
    pub struct AuditFilter {
        /// Only this event, such as `login`
        pub event: Option<Event>,
        /// `success`, `failure`, `blocked` or `denied`
        pub outcome: Option<Outcome>,
        /// Only events caused by this user
        pub actor: Option<Uuid>,
        /// Only events about this user
        pub user: Option<Uuid>,
        /// Only events from this address
        pub ip: Option<String>,
        /// Only events of this request
        pub request_id: Option<String>,
        /// Only events at this time or later
        pub since: Option<OffsetDateTime>,
        /// Only events before this time
        pub until: Option<OffsetDateTime>,
    }
}

/// The value with this name. An unknown name would match nothing, as if nothing had happened.
fn known<T: Copy>(all: &[T], word: fn(T) -> &'static str, text: &str) -> Result<T, Refusal> {
    all.iter().copied().find(|one| word(*one) == text).ok_or_else(|| {
        let words: Vec<_> = all.iter().map(|one| word(*one)).collect();
        (format!("must be one of {}", words.join(", ")), "enum")
    })
}

impl Parameter for Event {
    fn from_text(text: String) -> Result<Self, Refusal> {
        known(Self::ALL, Self::as_str, &text)
    }

    fn schema() -> RefOr<Schema> {
        <String as Parameter>::schema()
    }
}

impl Parameter for Outcome {
    fn from_text(text: String) -> Result<Self, Refusal> {
        known(Self::ALL, Self::as_str, &text)
    }

    fn schema() -> RefOr<Schema> {
        <String as Parameter>::schema()
    }
}

impl Audit {
    /// One page of successful and failed sign-ins to an account, and the cursor of the next page.
    pub(crate) async fn sign_ins(
        &self,
        authority: Authority,
        owner: Uuid,
        page: Page,
    ) -> Result<(Vec<Entry>, Option<Cursor>), Error> {
        let mut rows = store::list_sign_ins(&self.db, authority, owner, page).await?;
        let next =
            page.cut_by_bytes(&mut rows, json_bytes, |entry| Cursor { at: entry.at, id: entry.id });
        Ok((rows, next))
    }

    /// One page, and the cursor of the next page if there is one.
    pub async fn list(
        &self,
        authority: Authority,
        filter: AuditFilter,
        page: Page,
    ) -> Result<(Vec<Entry>, Option<Cursor>), Error> {
        let mut rows = store::list(&self.db, authority, filter, page).await?;
        let place = |entry: &Entry| Cursor { at: entry.at, id: entry.id };
        let next = page.cut_by_bytes(&mut rows, json_bytes, place);
        Ok((rows, next))
    }
}
