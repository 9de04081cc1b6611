//! The statements on the addresses in `users`.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::email::Email;
use crate::sql::Step;
use crate::user::User;
use crate::{row, statements, step, text};

statements! {
    FIND = text!("SELECT ", Addressee::COLUMNS, " FROM users WHERE users.id = :id");
    FIND_BY_ADDRESS = text!("SELECT ", Addressee::COLUMNS, " FROM users WHERE users.email_key = :key");
    VERIFY = "UPDATE users SET email_verified = TRUE, updated_at = :now \
        WHERE id = :id AND email_key = :key";
    // Only while address and password are those that the link was made for.
    CHANGE = "UPDATE users SET email = :email, email_key = :key, email_verified = TRUE, updated_at = :now \
        WHERE id = :id AND email IS NOT DISTINCT FROM :old \
        AND hashed_password IS NOT DISTINCT FROM :hash";
    // Nobody has verified it there, but whoever undoes the change has.
    TAKE_UNPROVEN = "UPDATE users SET email = NULL, email_key = NULL, updated_at = :now \
        WHERE email_key = :key AND id <> :id AND NOT email_verified";
    RESTORE = "UPDATE users SET email = :email, email_key = :key, email_verified = TRUE, \
        hashed_password = NULL, updated_at = :now WHERE id = :id";
    HAS_ADDRESS = "SELECT doorward_refuse('address_changed') WHERE NOT EXISTS \
        (SELECT 1 FROM users WHERE id = :id AND email_key = :key)";
}

row! {
    /// The recipient of a mail.
    #[derive(Debug)]
    pub(super) struct Addressee from users {
        pub(super) user: User = ..,
        pub(super) email_key: Option<String>,
        pub(super) hash: Option<String> = "users.hashed_password",
        pub(super) banned_until: Option<OffsetDateTime>,
    }
}

/// Reads the account.
pub(super) fn find(id: Uuid) -> Step {
    step!(FIND { id })
}

/// Reads the account with this address.
pub(super) fn find_by_address(key: &str) -> Step {
    step!(FIND_BY_ADDRESS { key })
}

/// Marks the address as verified; fails with `address_changed` if the account has another one by now.
pub(super) fn verify(id: Uuid, key: &str, now: OffsetDateTime) -> [Step; 2] {
    [step!(VERIFY { id, key, now }), step!(HAS_ADDRESS { id, key })]
}

/// Gives the account another, verified address; fails with `address_changed` if the account has changed since
/// it was read.
pub(super) fn change(found: &Addressee, email: &Email, now: OffsetDateTime) -> [Step; 2] {
    let (id, key) = (found.user.id, email.key());
    let change = step!(CHANGE {
        id,
        email: email.as_str(),
        key,
        old: found.user.email.as_deref(),
        hash: found.hash.as_deref(),
        now,
    });
    [change, step!(HAS_ADDRESS { id, key })]
}

/// Restores an account's address, even if another account has it by now without having verified it, and
/// removes the password.
pub(super) fn restore(id: Uuid, email: &Email, now: OffsetDateTime) -> [Step; 3] {
    let key = email.key();
    [
        step!(TAKE_UNPROVEN { id, key, now }),
        step!(RESTORE { id, email: email.as_str(), key, now }),
        step!(HAS_ADDRESS { id, key }),
    ]
}
