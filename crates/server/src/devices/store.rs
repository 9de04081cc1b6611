//! Every statement on `trusted_devices`; what ends them with a password or a factor is in `gate/`.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::TrustedDevice;
use crate::db::Database;
use crate::gate::{Authority, no_longer_trusted, trusted};
use crate::sql::{Result, Step};
use crate::{statements, step, text};

/// Devices of one account at most; the oldest give way.
const MOST: i64 = 20;

statements! {
    DELETE_SURPLUS = concat!("DELETE FROM trusted_devices WHERE user_id = :owner AND (",
        no_longer_trusted!("", ":now"), " OR id NOT IN (SELECT d.id FROM trusted_devices d WHERE d.user_id = :owner \
        ORDER BY d.created_at DESC, d.id DESC LIMIT :kept))");
    INSERT = "INSERT INTO trusted_devices (id, user_id, digest, bound, name, ip, created_at, expires_at) \
        VALUES (:id, :owner, :digest, :bound, :name, :ip, :now, :expires_at)";
    FIND = concat!("SELECT d.id FROM trusted_devices d WHERE d.user_id = :owner AND d.digest = :digest \
        AND d.bound = :bound AND ", trusted!("d.", ":now"));
    USE = "UPDATE trusted_devices SET last_used_at = :now, bound = :renewed \
        WHERE user_id = :owner AND id = :id AND bound = :bound";
    IS_THERE = "SELECT doorward_refuse('device_gone') WHERE NOT EXISTS (SELECT 1 FROM trusted_devices \
        WHERE user_id = :owner AND id = :id AND bound = :renewed)";
    // One row with nulls for a user without devices, none without such a user.
    LIST = text!("SELECT ", TrustedDevice::COLUMNS, " FROM users u LEFT JOIN trusted_devices \
        ON trusted_devices.user_id = u.id AND ", trusted!("trusted_devices.", ":now"), " WHERE u.id = :owner \
        ORDER BY trusted_devices.created_at DESC, trusted_devices.id DESC LIMIT 100");
    IS_OWN = "SELECT doorward_refuse('not_found') WHERE NOT EXISTS (SELECT 1 FROM trusted_devices \
        WHERE user_id = :owner AND id = :id)";
    DELETE = "DELETE FROM trusted_devices WHERE user_id = :owner AND id = :id";
    DELETE_PAST = concat!("DELETE FROM trusted_devices WHERE id IN (SELECT id FROM trusted_devices \
        WHERE ", no_longer_trusted!("", ":now"), " ORDER BY expires_at LIMIT :limit) RETURNING id");
}

/// What a new row holds.
pub(super) struct NewRow<'a> {
    pub(super) id: Uuid,
    pub(super) digest: Vec<u8>,
    pub(super) bound: &'a str,
    pub(super) name: &'a str,
    pub(super) ip: Option<String>,
    pub(super) now: OffsetDateTime,
    pub(super) lives: Duration,
}

/// Adds a device, in the place of those that have expired and of the oldest where there are too many.
pub(super) fn insert(owner: Uuid, new: &NewRow<'_>) -> [Step; 2] {
    let NewRow { id, digest, bound, name, ip, now, lives } = new;
    let (id, now, expires_at) = (*id, *now, *now + *lives);
    let (digest, ip) = (digest.as_slice(), ip.as_deref());
    [
        step!(DELETE_SURPLUS { owner, now, kept: MOST - 1 }),
        step!(INSERT { id, owner, digest, bound: *bound, name: *name, ip, now, expires_at }),
    ]
}

/// The device with this digest, if it counts.
pub(super) async fn find(
    db: &Database,
    owner: Uuid,
    digest: Vec<u8>,
    bound: &str,
    now: OffsetDateTime,
) -> Result<Option<Uuid>> {
    db.find(step!(FIND { owner, digest, bound, now })).await
}

/// Notes a use; refused, as `device_gone`, if the device was removed meanwhile.
pub(super) fn used(
    owner: Uuid,
    id: Uuid,
    bound: &str,
    renewed: &str,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(USE { owner, id, bound, renewed, now }), step!(IS_THERE { owner, id, renewed })]
}

/// The devices of a user, the newest first; `None` without such a user.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    owner: Uuid,
    now: OffsetDateTime,
) -> Result<Option<Vec<TrustedDevice>>> {
    let rows: Vec<Option<TrustedDevice>> =
        db.read_by(authority, step!(LIST { owner, now })).await?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
}

/// Removes a device; refused as not found unless it is the user's.
pub(super) fn delete(owner: Uuid, id: Uuid) -> [Step; 2] {
    [step!(IS_OWN { owner, id }), step!(DELETE { owner, id })]
}

/// Removes at most `limit` devices that have expired; how many.
pub(super) async fn delete_past(db: &Database, now: OffsetDateTime, limit: i64) -> Result<usize> {
    let rows: Vec<Uuid> = db.execute(step!(DELETE_PAST { now, limit })).await?;
    Ok(rows.len())
}
