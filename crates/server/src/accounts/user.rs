//! A user as clients see it: everything about an account except its password hash.

use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{Columns, FromRow};
use crate::sql::Result;

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// Stable id.
    pub id: Uuid,
    /// As typed at registration; null where another identity provider gave none.
    #[schema(required = true)]
    pub email: Option<String>,
    /// Display name.
    #[schema(required = true)]
    pub name: Option<String>,
    /// False: the account is disabled.
    pub is_active: bool,
    /// True once the address was proven.
    pub email_verified: bool,
    /// Role names, sorted.
    pub roles: Vec<String>,
    /// When the account was made.
    #[serde(serialize_with = "crate::timestamp::serialize")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(serialize_with = "crate::timestamp::serialize")]
    pub updated_at: OffsetDateTime,
}

impl FromRow for User {
    /// In the order of the store's `USER` columns.
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        let roles: Option<String> = row.get(5)?;
        Ok(Self {
            id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            is_active: row.get(3)?,
            email_verified: row.get(4)?,
            roles: split_roles(roles.as_deref()),
            created_at: row.get(6)?,
            updated_at: row.get(7)?,
        })
    }
}

/// The role names of one aggregated column.
pub(crate) fn split_roles(column: Option<&str>) -> Vec<String> {
    column.unwrap_or_default().split(',').filter(|role| !role.is_empty()).map(Into::into).collect()
}
