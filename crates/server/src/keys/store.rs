//! Every statement on `signing_keys`, nothing else.

use time::OffsetDateTime;

use super::SigningKey;
use crate::db::{Columns, Database, FromRow};
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    INSERT = "INSERT INTO signing_keys (kid, algorithm, public_jwk, sealed, created_at, active_at) \
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING kid";
    LIST = "SELECT kid, algorithm, public_jwk, sealed, created_at, active_at, retired_at, remove_at \
        FROM signing_keys ORDER BY active_at, kid";
    LIST_PUBLISHED = "SELECT kid, algorithm, public_jwk, sealed, created_at, active_at, retired_at, \
        remove_at FROM signing_keys WHERE remove_at IS NULL OR remove_at > $1 \
        ORDER BY active_at, kid";
    RETIRE_OTHERS = "UPDATE signing_keys SET retired_at = $3, remove_at = $4 \
        WHERE algorithm = $1 AND kid <> $2 AND retired_at IS NULL RETURNING kid";
    RETIRE = "UPDATE signing_keys SET retired_at = $2, remove_at = $3 \
        WHERE kid = $1 AND (remove_at IS NULL OR remove_at > $3) RETURNING kid";
    DELETE_REMOVED = "DELETE FROM signing_keys WHERE remove_at <= $1";
}

impl FromRow for SigningKey {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            kid: row.get(0)?,
            algorithm: row.get(1)?,
            public_jwk: row.get(2)?,
            sealed: row.get(3)?,
            created_at: row.get(4)?,
            active_at: row.get(5)?,
            retired_at: row.get(6)?,
            remove_at: row.get(7)?,
        })
    }
}

pub(super) fn insert(key: &SigningKey) -> Step {
    let values = params![
        &key.kid,
        &key.algorithm,
        &key.public_jwk,
        key.sealed.as_slice(),
        key.created_at,
        key.active_at,
    ];
    Step::new(INSERT, values)
}

/// Every key there is, oldest first.
pub(super) async fn list(db: &Database) -> Result<Vec<SigningKey>> {
    db.query(Step::new(LIST, Vec::new())).await
}

/// The keys that verify at `now`, oldest first.
pub(super) async fn list_published(db: &Database, now: OffsetDateTime) -> Result<Vec<SigningKey>> {
    db.query(Step::new(LIST_PUBLISHED, params![now])).await
}

/// Lets the other keys of the algorithm sign until `at` and verify until `remove_at`.
pub(super) fn revoke_others(
    key: &SigningKey,
    at: OffsetDateTime,
    remove_at: OffsetDateTime,
) -> Step {
    Step::new(RETIRE_OTHERS, params![&key.algorithm, &key.kid, at, remove_at])
}

/// The same for one key; never later than what was set before.
pub(super) fn revoke(kid: &str, at: OffsetDateTime, remove_at: OffsetDateTime) -> Step {
    Step::new(RETIRE, params![kid, at, remove_at])
}

/// Deletes the keys that verify nothing at `now`: a private part, sealed or not, is not kept for nothing.
pub(super) fn delete_removed(now: OffsetDateTime) -> Step {
    Step::new(DELETE_REMOVED, params![now])
}
