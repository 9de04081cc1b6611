//! The statements on `trusted_devices`; deletion with a password or factor is in `gate/`.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::TrustedDevice;
use crate::db::Database;
use crate::gate::{Authority, no_longer_trusted, trusted};
use crate::sql::{Result, Step};
use crate::{statements, step, text};

/// Maximum number of devices per account; the oldest are replaced.
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
    // One row of nulls for a user without devices, none if there is no such user.
    LIST = text!("SELECT ", TrustedDevice::COLUMNS, " FROM users u LEFT JOIN trusted_devices \
        ON trusted_devices.user_id = u.id AND ", trusted!("trusted_devices.", ":now"), " WHERE u.id = :owner \
        ORDER BY trusted_devices.created_at DESC, trusted_devices.id DESC LIMIT 100");
    IS_OWN = "SELECT doorward_refuse('not_found') WHERE NOT EXISTS (SELECT 1 FROM trusted_devices \
        WHERE user_id = :owner AND id = :id)";
    DELETE = "DELETE FROM trusted_devices WHERE user_id = :owner AND id = :id";
    DELETE_PAST = concat!("DELETE FROM trusted_devices WHERE id IN (SELECT id FROM trusted_devices \
        WHERE ", no_longer_trusted!("", ":now"), " ORDER BY expires_at LIMIT :limit) RETURNING id");
}

/// The values of a new row.
pub(super) struct NewRow<'a> {
    pub(super) id: Uuid,
    pub(super) digest: Vec<u8>,
    pub(super) bound: &'a str,
    pub(super) name: &'a str,
    pub(super) ip: Option<String>,
    pub(super) now: OffsetDateTime,
    pub(super) lives: Duration,
}

/// Adds a device, replacing expired ones and the oldest if there are too many.
pub(super) fn insert(owner: Uuid, new: &NewRow<'_>) -> [Step; 2] {
    let NewRow { id, digest, bound, name, ip, now, lives } = new;
    let (id, now, expires_at) = (*id, *now, *now + *lives);
    let (digest, ip) = (digest.as_slice(), ip.as_deref());
    [
        step!(DELETE_SURPLUS { owner, now, kept: MOST - 1 }),
        step!(INSERT { id, owner, digest, bound: *bound, name: *name, ip, now, expires_at }),
    ]
}

/// The device with this digest, if it is valid.
pub(super) async fn find(
    db: &Database,
    owner: Uuid,
    digest: Vec<u8>,
    bound: &str,
    now: OffsetDateTime,
) -> Result<Option<Uuid>> {
    db.find(step!(FIND { owner, digest, bound, now })).await
}

/// Records a use; fails with `device_gone` if the device was removed in the meantime.
pub(super) fn used(
    owner: Uuid,
    id: Uuid,
    bound: &str,
    renewed: &str,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(USE { owner, id, bound, renewed, now }), step!(IS_THERE { owner, id, renewed })]
}

/// A user's devices, newest first; `None` if there is no such user.
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

/// Deletes a device; not found unless it belongs to the user.
pub(super) fn delete(owner: Uuid, id: Uuid) -> [Step; 2] {
    [step!(IS_OWN { owner, id }), step!(DELETE { owner, id })]
}

/// Deletes at most `limit` expired devices; returns their number.
pub(super) async fn delete_past(db: &Database, now: OffsetDateTime, limit: i64) -> Result<usize> {
    let rows: Vec<Uuid> = db.execute(step!(DELETE_PAST { now, limit })).await?;
    Ok(rows.len())
}
