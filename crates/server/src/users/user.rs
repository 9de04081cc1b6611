//! A user as shown to administrators: the account, and whether it is banned. Contains no secrets.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::row;
use crate::user::User;

row! {
    /// An account, as shown to administrators.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    pub struct AdminUser from users {
        /// The account.
        #[serde(flatten)]
        pub user: User = ..,
        /// True for the account of a program, which has API keys and nothing to sign in with.
        pub is_service: bool,
        /// Banned until then, `9999-12-31T23:59:59.999999Z` for good; null or past: not banned.
        #[schema(required = true)]
        #[serde(serialize_with = "crate::timestamp::serialize_option")]
        pub banned_until: Option<OffsetDateTime>,
        /// The reason, shown to administrators only.
        #[schema(required = true)]
        pub ban_reason: Option<String>,
    }
}

impl AdminUser {
    /// Whether the user is banned at this time.
    pub fn is_banned(&self, now: OffsetDateTime) -> bool {
        self.banned_until.is_some_and(|until| until > now)
    }
}
