//! The statements on `signing_keys`.

use time::OffsetDateTime;

use super::SigningKey;
use crate::db::Database;
use crate::sql::{Result, Step};
use crate::{statements, step, text};

statements! {
    INSERT = "INSERT INTO signing_keys (kid, algorithm, public_jwk, sealed, created_at, active_at) \
        VALUES (:kid, :algorithm, :public_jwk, :sealed, :created_at, :active_at) RETURNING kid";
    LIST = text!("SELECT ", SigningKey::COLUMNS, " FROM signing_keys ORDER BY active_at, kid");
    LIST_PUBLISHED = text!(
        "SELECT ", SigningKey::COLUMNS, " FROM signing_keys \
         WHERE remove_at IS NULL OR remove_at > :now ORDER BY active_at, kid"
    );
    RETIRE_OTHERS = "UPDATE signing_keys SET retired_at = :at, remove_at = :remove_at \
        WHERE algorithm = :algorithm AND kid <> :kid AND retired_at IS NULL RETURNING kid";
    RETIRE = "UPDATE signing_keys SET retired_at = :at, remove_at = :remove_at \
        WHERE kid = :kid AND (remove_at IS NULL OR remove_at > :remove_at) RETURNING kid";
    DELETE_REMOVED = "DELETE FROM signing_keys WHERE remove_at <= :now";
}

pub(super) fn insert(key: &SigningKey) -> Step {
    step!(INSERT {
        kid: &key.kid,
        algorithm: &key.algorithm,
        public_jwk: &key.public_jwk,
        sealed: key.sealed.as_slice(),
        created_at: key.created_at,
        active_at: key.active_at,
    })
}

/// All keys, oldest first.
pub(super) async fn list(db: &Database) -> Result<Vec<SigningKey>> {
    db.query(step!(LIST)).await
}

/// The keys that verify at `now`, oldest first.
pub(super) async fn list_published(db: &Database, now: OffsetDateTime) -> Result<Vec<SigningKey>> {
    db.query(step!(LIST_PUBLISHED { now })).await
}

/// Lets the other keys of the algorithm sign until `at` and verify until `remove_at`.
pub(super) fn revoke_others(
    key: &SigningKey,
    at: OffsetDateTime,
    remove_at: OffsetDateTime,
) -> Step {
    step!(RETIRE_OTHERS { algorithm: &key.algorithm, kid: &key.kid, at, remove_at })
}

/// The same for one key; never later than what was set before.
pub(super) fn revoke(kid: &str, at: OffsetDateTime, remove_at: OffsetDateTime) -> Step {
    step!(RETIRE { kid, at, remove_at })
}

/// Deletes the keys that verify nothing at `now`: private keys are not kept without need, even encrypted.
pub(super) fn delete_removed(now: OffsetDateTime) -> Step {
    step!(DELETE_REMOVED { now })
}
