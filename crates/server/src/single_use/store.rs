//! The statements on `single_use`.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Opened;
use crate::db::Database;
use crate::sql::{Result, Step};
use crate::{statements, step, text};

/// The client requested the code: it has the challenge, or the same network.
macro_rules! asked {
    () => {
        "(single_use.code_owner = :owner OR single_use.client = :client)"
    };
}

statements! {
    INSERT = "INSERT INTO single_use (digest, purpose, user_id, bound, created_at, works_until) \
        VALUES (:digest, :purpose, :user, :bound, :now, :works_until)";
    END_CODES = "UPDATE single_use SET works_until = :now WHERE mailbox = :mailbox \
        AND purpose = :purpose AND claim IS NULL AND works_until > :now";
    INSERT_AWAITED = "INSERT INTO single_use (digest, purpose, mailbox, code_owner, client, created_at, \
        works_until) VALUES (:digest, :purpose, :mailbox, :owner, :client, :now, :works_until)";
    FIND_AWAITED = text!("SELECT ", Opened::COLUMNS, " FROM single_use \
        WHERE single_use.code_owner = :owner AND single_use.purpose = :purpose \
        AND single_use.claim IS NULL LIMIT 1");
    FILL = "UPDATE single_use SET digest = :digest, code = :code, user_id = :user, bound = :bound, \
        works_until = :works_until WHERE code_owner = :owner AND purpose = :purpose \
        AND claim IS NULL AND works_until > :now";
    IS_FILLED = "SELECT doorward_refuse('code_replaced') WHERE NOT EXISTS \
        (SELECT 1 FROM single_use WHERE digest = :digest)";
    INSERT_SPENT = "INSERT INTO single_use (digest, purpose, user_id, created_at, works_until, claim, used_at) \
        VALUES (:digest, :purpose, :user, :now, :works_until, :claim, :now)";
    FIND = text!("SELECT ", Opened::COLUMNS, " FROM single_use \
        WHERE single_use.digest = :digest AND single_use.purpose = :purpose");
    // Locks the row, so that concurrent guesses are counted one after the other.
    GUESS = text!("UPDATE single_use SET attempts = attempts + 1 WHERE mailbox = :mailbox \
        AND purpose = :purpose AND ", asked!(), " AND claim IS NULL AND works_until > :now");
    // Right guesses, which claimed a secret, are not part of the sum.
    FIND_GUESSED = text!("SELECT ", Opened::COLUMNS, " FROM single_use \
        WHERE single_use.mailbox = :mailbox AND single_use.purpose = :purpose AND ", asked!(), " \
        AND single_use.code = :code AND single_use.attempts <= :most AND single_use.claim IS NULL \
        AND single_use.works_until > :now AND (SELECT coalesce(sum(CASE WHEN \
        s.claim IS NOT NULL AND s.attempts > 0 THEN s.attempts - 1 ELSE s.attempts END), 0) \
        FROM single_use s WHERE s.mailbox = :mailbox AND s.purpose = :purpose \
        AND s.created_at > :since AND s.digest <> single_use.digest) \
        <= :most_a_day - single_use.attempts LIMIT 1");
    CLAIM = "UPDATE single_use SET claim = :claim, used_at = :now \
        WHERE digest = :digest AND purpose = :purpose AND claim IS NULL AND works_until > :now";
    IS_CLAIMED = "SELECT doorward_refuse('link_used') WHERE NOT EXISTS \
        (SELECT 1 FROM single_use WHERE digest = :digest AND claim = :claim)";
    WITHDRAW = "DELETE FROM single_use WHERE user_id = :user AND purpose = :purpose AND claim IS NULL";
    WITHDRAW_LATER = "DELETE FROM single_use WHERE purpose = :purpose AND claim IS NULL \
        AND user_id = (SELECT s.user_id FROM single_use s WHERE s.digest = :digest) \
        AND created_at >= (SELECT s.created_at FROM single_use s WHERE s.digest = :digest)";
    DELETE_PAST = "DELETE FROM single_use WHERE digest IN (SELECT digest FROM single_use \
        WHERE works_until < :horizon ORDER BY works_until LIMIT :limit) RETURNING purpose";
}

/// A secret to be inserted.
#[derive(Debug)]
pub(super) struct Hashed<'a> {
    pub(super) digest: Vec<u8>,
    pub(super) purpose: &'static str,
    pub(super) user: Option<Uuid>,
    pub(super) bound: Option<&'a str>,
    pub(super) now: OffsetDateTime,
    pub(super) works_until: OffsetDateTime,
}

pub(super) fn insert(new: Hashed<'_>) -> Step {
    let Hashed { digest, purpose, user, bound, now, works_until } = new;
    step!(INSERT { digest, purpose, user, bound, now, works_until })
}

/// Records the use of a secret that is not stored; `Unique` if it was used before.
pub(super) fn insert_spent(
    digest: &[u8],
    purpose: &'static str,
    user: Uuid,
    claim: Uuid,
    now: OffsetDateTime,
    works_until: OffsetDateTime,
) -> Step {
    step!(INSERT_SPENT { digest, purpose, user, claim, now, works_until })
}

pub(super) fn find(digest: Vec<u8>, purpose: &'static str) -> Step {
    step!(FIND { digest, purpose })
}

/// Invalidates unused codes of this address.
pub(super) fn end_codes(mailbox: Vec<u8>, purpose: &'static str, now: OffsetDateTime) -> Step {
    step!(END_CODES { mailbox, purpose, now })
}

/// The client that requests or enters a code, as digests.
#[derive(Clone, Debug)]
pub(super) struct AskingClient {
    pub(super) mailbox: Vec<u8>,
    pub(super) owner: Option<Vec<u8>>,
    pub(super) client: Option<Vec<u8>>,
}

/// A row for a code that is not generated yet.
pub(super) fn insert_awaited(
    digest: Vec<u8>,
    purpose: &'static str,
    asking: AskingClient,
    now: OffsetDateTime,
    works_until: OffsetDateTime,
) -> Step {
    let AskingClient { mailbox, owner, client } = asking;
    step!(INSERT_AWAITED { digest, purpose, mailbox, owner, client, now, works_until })
}

pub(super) fn find_awaited(owner: Vec<u8>, purpose: &'static str) -> Step {
    step!(FIND_AWAITED { owner, purpose })
}

/// The values for a row that expects its code.
#[derive(Debug)]
pub(super) struct Filled<'a> {
    pub(super) owner: Vec<u8>,
    pub(super) purpose: &'static str,
    pub(super) digest: Vec<u8>,
    pub(super) code: Vec<u8>,
    pub(super) user: Option<Uuid>,
    pub(super) bound: Option<&'a str>,
    pub(super) now: OffsetDateTime,
    pub(super) works_until: OffsetDateTime,
}

/// Adds the code to the row; fails with `code_replaced` if it no longer expects one.
pub(super) fn fill(filled: Filled<'_>) -> [Step; 2] {
    let Filled { owner, purpose, digest, code, user, bound, now, works_until } = filled;
    let is_filled = step!(IS_FILLED { digest: digest.clone() });
    [step!(FILL { owner, purpose, digest, code, user, bound, now, works_until }), is_filled]
}

/// The limits of guesses at one code, and of an address since an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuessBounds {
    pub(super) most: i64,
    pub(super) most_a_day: i64,
    pub(super) since: OffsetDateTime,
}

/// Counts a guess, then reads the secret if it was right and within the limits.
pub(super) fn guess(
    asking: &AskingClient,
    purpose: &'static str,
    code: Vec<u8>,
    bounds: GuessBounds,
    now: OffsetDateTime,
) -> [Step; 2] {
    let AskingClient { mailbox, owner, client } = asking;
    let (mailbox, owner) = (mailbox.as_slice(), owner.as_deref());
    // If there is a challenge, it decides.
    let client = client.as_deref().filter(|_| owner.is_none());
    let GuessBounds { most, most_a_day, since } = bounds;
    [
        step!(GUESS { mailbox, purpose, owner, client, now }),
        step!(FIND_GUESSED { mailbox, purpose, owner, client, code, most, most_a_day, since, now }),
    ]
}

/// Claims the secret; fails with `link_used` if another request has, or it has expired.
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

/// Invalidates the user's secrets with the same purpose that were created after this one.
pub(super) fn withdraw_later(digest: &[u8], purpose: &'static str) -> Step {
    step!(WITHDRAW_LATER { digest, purpose })
}

/// Deletes up to `limit` secrets that expired before `horizon`; returns their number.
pub(super) async fn delete_past(
    db: &Database,
    horizon: OffsetDateTime,
    limit: i64,
) -> Result<usize> {
    let rows: Vec<String> = db.execute(step!(DELETE_PAST { horizon, limit })).await?;
    Ok(rows.len())
}
