//! Every statement on `single_use`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Opened;
use crate::db::Database;
use crate::sql::{Result, Step};
use crate::{statements, step, text};

statements! {
    INSERT = "INSERT INTO single_use (digest, purpose, user_id, bound, code_owner, code, created_at, \
        works_until) VALUES (:digest, :purpose, :user, :bound, :code_owner, :code, :now, :works_until)";
    FIND = text!("SELECT ", Opened::COLUMNS, " FROM single_use \
        WHERE single_use.digest = :digest AND single_use.purpose = :purpose");
    // Locks the row, so that guesses at once are counted one after the other.
    GUESS = "UPDATE single_use SET attempts = attempts + 1 \
        WHERE code_owner = :owner AND purpose = :purpose AND claim IS NULL AND works_until > :now";
    FIND_GUESSED = text!("SELECT ", Opened::COLUMNS, " FROM single_use \
        WHERE single_use.code_owner = :owner AND single_use.purpose = :purpose \
        AND single_use.code = :code AND single_use.attempts <= :most AND single_use.claim IS NULL \
        AND single_use.works_until > :now LIMIT 1");
    CLAIM = "UPDATE single_use SET claim = :claim, used_at = :now \
        WHERE digest = :digest AND purpose = :purpose AND claim IS NULL AND works_until > :now";
    IS_CLAIMED = "SELECT doorward_refuse('link_used') WHERE NOT EXISTS \
        (SELECT 1 FROM single_use WHERE digest = :digest AND claim = :claim)";
    WITHDRAW = "DELETE FROM single_use WHERE user_id = :user AND purpose = :purpose AND claim IS NULL";
    WITHDRAW_LATER = "DELETE FROM single_use WHERE purpose = :purpose AND claim IS NULL \
        AND user_id = (SELECT s.user_id FROM single_use s WHERE s.digest = :digest) \
        AND created_at >= (SELECT s.created_at FROM single_use s WHERE s.digest = :digest)";
    WITHDRAW_CODES = "DELETE FROM single_use WHERE code_owner = :owner AND purpose = :purpose \
        AND claim IS NULL";
    DELETE_PAST = "DELETE FROM single_use WHERE digest IN (SELECT digest FROM single_use \
        WHERE works_until < :horizon ORDER BY works_until LIMIT :limit) RETURNING purpose";
}

/// A secret that is yet to be written.
#[derive(Debug)]
pub(super) struct Hashed<'a> {
    pub(super) digest: Vec<u8>,
    pub(super) purpose: &'static str,
    pub(super) user: Option<Uuid>,
    pub(super) bound: Option<&'a str>,
    /// The digests of whom a code is for, and of the code.
    pub(super) code: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) now: OffsetDateTime,
    pub(super) works_until: OffsetDateTime,
}

pub(super) fn insert(new: Hashed<'_>) -> Step {
    let Hashed { digest, purpose, user, bound, code, now, works_until } = new;
    let (code_owner, code) = code.unzip();
    step!(INSERT { digest, purpose, user, bound, code_owner, code, now, works_until })
}

pub(super) fn find(digest: Vec<u8>, purpose: &'static str) -> Step {
    step!(FIND { digest, purpose })
}

/// Counts a guess, then reads the secret if it was right and within the first `most`.
pub(super) fn guess(
    owner: &[u8],
    purpose: &'static str,
    code: Vec<u8>,
    most: i64,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(GUESS { owner, purpose, now }), step!(FIND_GUESSED { owner, purpose, code, most, now })]
}

/// Claims the secret; refused, as `link_used`, if another request has, or its time is over.
pub(super) fn claim(
    digest: &[u8],
    purpose: &'static str,
    claim: Uuid,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(CLAIM { digest, purpose, claim, now }), step!(IS_CLAIMED { digest, claim })]
}

pub(super) fn withdraw(user: Uuid, purpose: &'static str) -> Step {
    step!(WITHDRAW { user, purpose })
}

/// Ends the secrets of the same user and purpose that were made after this one.
pub(super) fn withdraw_later(digest: &[u8], purpose: &'static str) -> Step {
    step!(WITHDRAW_LATER { digest, purpose })
}

pub(super) fn withdraw_codes(owner: Vec<u8>, purpose: &'static str) -> Step {
    step!(WITHDRAW_CODES { owner, purpose })
}

/// Deletes up to `limit` secrets that expired before `horizon`; how many there were.
pub(super) async fn delete_past(
    db: &Database,
    horizon: OffsetDateTime,
    limit: i64,
) -> Result<usize> {
    let rows: Vec<String> = db.execute(step!(DELETE_PAST { horizon, limit })).await?;
    Ok(rows.len())
}
