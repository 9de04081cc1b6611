//! The statements on `api_keys` and their networks, except those of the gate in `gate/` and `db/`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{ApiKey, KeyNetworks, KeyWorth, MOST_KEYS, NewKey};
use crate::db::Database;
use crate::gate::{Authority, KeyScope, active, holds, unexpired};
use crate::input::Instant;
use crate::keys::PresentedKey;
use crate::sql::{Result, Step};
use crate::{statements, step, text};

statements! {
    // A row lock on PostgreSQL, so that two concurrent calls cannot both use the last free place.
    LOCK_OWNER = "UPDATE users SET is_service = is_service WHERE id = :owner";
    HAS_ROOM = "SELECT doorward_refuse('too_many_keys') \
        WHERE (SELECT count(*) FROM api_keys WHERE user_id = :owner) >= :most";
    IS_SERVICE = "SELECT doorward_refuse('not_found') \
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = :owner AND is_service)";
    OWNER_HOLDS = concat!("SELECT doorward_refuse('owner_lacks:' || :needed) WHERE NOT ",
        holds!(":owner", ":needed"));
    INSERT = "INSERT INTO api_keys (id, user_id, name, scopes, is_restricted, created_at, expires_at) \
        VALUES (:id, :owner, :name, :scopes, :is_restricted, :now, :expires_at)";
    INSERT_NETWORK = "INSERT INTO api_key_networks (key_id, network, lowest, highest) \
        VALUES (:id, :network, :lowest, :highest)";
    FIND = text!("SELECT ", ApiKey::COLUMNS, " FROM api_keys \
        WHERE api_keys.user_id = :owner AND api_keys.id = :id");
    // One row of nulls for a user without keys, none if there is no such user.
    LIST = text!("SELECT ", ApiKey::COLUMNS, " FROM users u LEFT JOIN api_keys \
        ON api_keys.user_id = u.id WHERE u.id = :owner \
        ORDER BY api_keys.created_at DESC, api_keys.id DESC LIMIT 1000");
    // The same kind of lock: the second caller finds the key gone.
    LOCK = "UPDATE api_keys SET name = name WHERE user_id = :owner AND id = :id";
    IS_THERE = "SELECT doorward_refuse('not_found') \
        WHERE NOT EXISTS (SELECT 1 FROM api_keys WHERE user_id = :owner AND id = :id)";
    DELETE = "DELETE FROM api_keys WHERE user_id = :owner AND id = :id";
    FIND_OWNER = "SELECT k.user_id FROM api_keys k WHERE k.id = :id";
    FIND_LIVE = text!("SELECT ", KeyWorth::COLUMNS, " FROM api_keys k \
        JOIN users u ON u.id = k.user_id WHERE k.user_id = :owner AND k.id = :id \
        AND ", unexpired!("k.", ":now"), " AND ", active!("u.", ":now"));
}

/// Fails if the owner has the maximum number of keys.
pub(super) fn room(owner: Uuid) -> [Step; 2] {
    [step!(LOCK_OWNER { owner }), step!(HAS_ROOM { owner, most: MOST_KEYS })]
}

/// Fails unless this is a service account.
pub(super) fn is_service(owner: Uuid) -> Step {
    step!(IS_SERVICE { owner })
}

/// Fails for a scope that the owner lacks the permission for.
pub(super) fn owner_holds(owner: Uuid, scope: KeyScope) -> Option<Step> {
    scope.permission().map(|it| step!(OWNER_HOLDS { owner, needed: it.as_str() }))
}

/// Inserts a key with its networks.
pub(super) fn insert(key: &PresentedKey, new: &NewKey, now: OffsetDateTime) -> Vec<Step> {
    let inserted = step!(INSERT {
        id: key.id,
        owner: key.owner,
        name: new.name.as_str(),
        scopes: new.scopes.stored(),
        is_restricted: new.networks.is_some(),
        now,
        expires_at: new.expires_at.map(|Instant(at)| at),
    });
    let networks = new.networks.iter().flat_map(KeyNetworks::ranges);
    let networks = networks.map(|(network, lowest, highest)| {
        step!(INSERT_NETWORK {
            id: key.id,
            network,
            lowest: lowest.as_slice(),
            highest: highest.as_slice(),
        })
    });
    std::iter::once(inserted).chain(networks).collect()
}

/// Reads a key at this point of the transaction.
pub(super) fn find(owner: Uuid, id: Uuid) -> Step {
    step!(FIND { owner, id })
}

/// A user's keys, newest first; `None` if there is no such user.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    owner: Uuid,
) -> Result<Option<Vec<ApiKey>>> {
    let rows: Vec<Option<ApiKey>> = db.read_by(authority, step!(LIST { owner })).await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
}

/// Deletes a key; not found unless it exists and belongs to them.
pub(super) fn revoke(owner: Uuid, id: Uuid) -> [Step; 3] {
    [step!(LOCK { owner, id }), step!(IS_THERE { owner, id }), step!(DELETE { owner, id })]
}

/// The owner of this key, whether it is valid or not.
pub(super) async fn find_owner(db: &Database, id: Uuid) -> Result<Option<Uuid>> {
    db.find(step!(FIND_OWNER { id })).await
}

/// What a key currently allows, if it is valid.
pub(super) async fn find_live(
    db: &Database,
    authority: Authority,
    key: PresentedKey,
    now: OffsetDateTime,
) -> Result<Option<KeyWorth>> {
    let PresentedKey { id, owner } = key;
    Ok(db.read_by(authority, step!(FIND_LIVE { owner, id, now })).await?.into_iter().next())
}
