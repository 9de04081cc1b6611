//! The statements on the password hashes in `users`.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::Database;
use crate::gate::{Gate, factor_kinds};
use crate::single_use::owner_of_secret;
use crate::sql::{Result, Step};
use crate::user::User;
use crate::username::LoginName;
use crate::{row, statements, step, text};

/// The alphabet of salts and sums.
const LETTERS: &str = "'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/.=-_'";

/// A text without its last letter, a separator, and what is between that and the previous one.
macro_rules! cut {
    ($text:literal) => {
        text!("rtrim(substr(", $text, ", 1, abs(length(", $text, ") - 1)), ", LETTERS, ")")
    };
}

statements! {
    // Some accounts after `:after`, by their hashes without salt and sum, as `StandIn` takes it. Most formats
    // end with both, each after a separator: `head` is what precedes them. Django's scrypt has two parameters
    // after the salt: `scrypt$16384$salt$8$5$sum`. The configured kind, which most accounts have, is
    // recognized by its prefix, since splitting a hash takes SQLite ten microseconds.
    COUNT_KINDS = text!("WITH slice AS (SELECT u.id, u.hashed_password AS hash FROM users u \
            WHERE u.id > :after ORDER BY u.id LIMIT :most), \
        sumless AS (SELECT s.hash, rtrim(s.hash, ", LETTERS, ") AS rest FROM slice s), \
        saltless AS (SELECT l.hash, l.rest, ", cut!("l.rest"), " AS head FROM sumless l), \
        shorter AS (SELECT l.hash, l.rest, l.head, ", cut!("l.head"), " AS salted FROM saltless l), \
        kinds AS (SELECT CASE \
            WHEN substr(h.hash, 1, length(:configured)) = :configured THEN :configured \
            WHEN length(h.hash) = 161 AND substr(h.hash, 33, 1) = ':' THEN ':' \
            WHEN substr(h.hash, 1, 3) = 's2:' THEN 's2:' \
            WHEN substr(h.hash, 2, 1) = '2' THEN substr(h.hash, 1, 7) \
            WHEN substr(h.hash, 2, 1) IN ('P', 'H') THEN substr(h.hash, 1, 4) \
            WHEN substr(h.hash, 1, 6) = 'bcrypt' THEN substr(h.rest, 1, 80) \
            WHEN substr(h.hash, 1, 6) = 'scrypt' AND substr(h.hash, 7, 1) <> ':' THEN substr(", cut!("h.salted"),
                ", 1, 40) || substr(h.rest, length(h.salted) + 1, 40) \
            ELSE substr(h.head, 1, 80) END AS kind FROM shorter h) \
        SELECT ", CountedKind::COLUMNS, " FROM kinds \
        GROUP BY kinds.kind ORDER BY accounts DESC LIMIT 64");
    FIND_CREDENTIALS =
        text!("SELECT ", FoundUser::COLUMNS, " FROM users WHERE users.email_key = :email_key");
    FIND_BY_USERNAME =
        text!("SELECT ", FoundUser::COLUMNS, " FROM users WHERE users.username_key = :username_key");
    FIND_OWN_CREDENTIALS =
        text!("SELECT ", FoundUser::COLUMNS, " FROM users WHERE users.id = :owner");
    FIND_BY_SECRET = text!("SELECT ", FoundUser::COLUMNS, " FROM users WHERE users.id = ",
        owner_of_secret!(":digest"));
    RESET_HASH = "UPDATE users SET hashed_password = :new, email_verified = TRUE, updated_at = :now \
        WHERE id = :owner AND hashed_password IS NOT DISTINCT FROM :old \
        AND email IS NOT DISTINCT FROM :email";
    KEEPS_PASSWORD = "SELECT doorward_refuse('password_changed') \
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = :owner AND u.hashed_password = :hash)";
    REPLACE_HASH = "UPDATE users SET hashed_password = :new, updated_at = :now \
        WHERE id = :owner AND hashed_password = :old";
    UPGRADE_HASH = "UPDATE users SET hashed_password = :new \
        WHERE id = :owner AND hashed_password = :old";
    SET_HASH = "UPDATE users SET hashed_password = :hash, updated_at = :now WHERE id = :owner";
}

row! {
    /// A kind of hashes, and the number of accounts in a slice that have it.
    #[derive(Debug)]
    pub(super) struct CountedKind {
        /// Their prefix; `None` if there is no hash.
        pub(super) kind: Option<String> = "kinds.kind",
        pub(super) accounts: i64 = "count(*)",
        /// The last account of the slice.
        pub(super) last: Uuid = "(SELECT s.id FROM slice s ORDER BY s.id DESC LIMIT 1)",
    }
}

row! {
    /// A user, and the stored hash if there is one.
    #[derive(Debug)]
    pub(crate) struct FoundUser from users {
        pub(crate) user: User = ..,
        pub(crate) hash: Option<String> = "users.hashed_password",
        pub(crate) banned_until: Option<OffsetDateTime>,
        /// The kinds of active second factors.
        pub(crate) factors: Vec<String> = (factor_kinds!("users.id")),
    }
}

/// Reads the account with this address or user name; no row if no account can have it.
pub(super) fn find(name: Option<&LoginName>) -> Step {
    match name {
        Some(LoginName::Username(username)) => {
            step!(FIND_BY_USERNAME { username_key: username.key() })
        }
        Some(LoginName::Email(email)) => step!(FIND_CREDENTIALS { email_key: email.key() }),
        None => step!(FIND_CREDENTIALS { email_key: None::<&str> }),
    }
}

/// Reads the user whose secret has this digest.
pub(crate) fn find_by_secret(digest: Vec<u8>) -> Step {
    step!(FIND_BY_SECRET { digest })
}

/// Reads the user with this id.
pub(super) fn find_by_id(owner: Uuid) -> Step {
    step!(FIND_OWN_CREDENTIALS { owner })
}

/// Reads the gate's user.
pub(super) fn find_own(gate: Gate) -> Step {
    step!(FIND_OWN_CREDENTIALS { owner: gate.user_id })
}

/// Fails with `password_changed` unless the hash is `hash`.
pub(crate) fn keeps(owner: Uuid, hash: &str) -> Step {
    step!(KEEPS_PASSWORD { owner, hash })
}

/// Replaces a hash unless it has changed in the meantime.
pub(super) fn upgrade(owner: Uuid, old: &str, new: &str) -> Step {
    step!(UPGRADE_HASH { owner, old, new })
}

/// Replaces a hash with that of another password; fails if it has changed in the meantime.
pub(super) fn replace(owner: Uuid, old: &str, new: &str, now: OffsetDateTime) -> [Step; 2] {
    [step!(REPLACE_HASH { owner, old, new, now }), keeps(owner, new)]
}

/// Replaces the hash, or its absence, with that of another password, and marks the address as verified; fails
/// if either has changed in the meantime.
pub(super) fn reset(
    owner: Uuid,
    old: Option<&str>,
    email: Option<&str>,
    new: &str,
    now: OffsetDateTime,
) -> [Step; 2] {
    [step!(RESET_HASH { owner, old, email, new, now }), keeps(owner, new)]
}

/// Counts the kinds of hashes of the next `most` accounts after one, in the order of their ids.
/// `configured` is the kind of new ones.
pub(super) async fn count_kinds(
    db: &Database,
    configured: &str,
    after: Uuid,
    most: u16,
) -> Result<Vec<CountedKind>> {
    db.query(step!(COUNT_KINDS { configured, after, most: i64::from(most) })).await
}

/// Replaces any hash.
pub(super) fn set(owner: Uuid, hash: &str, now: OffsetDateTime) -> Step {
    step!(SET_HASH { owner, hash, now })
}
