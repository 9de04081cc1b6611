//! The statements on `users` for signing in by mail.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::gate::factor_kinds;
use crate::single_use::owner_of_secret;
use crate::sql::Step;
use crate::user::User;
use crate::{row, statements, step, text};

statements! {
    FIND = text!("SELECT ", Mailed::COLUMNS, " FROM users WHERE users.email_key = :key");
    FIND_BY_SECRET = text!("SELECT ", Mailed::COLUMNS, " FROM users WHERE users.id = ",
        owner_of_secret!(":digest"));
    // Locks the row, so that a password change or ban waits and then ends the session. If the address was
    // unverified, the password may be somebody else's.
    PROVE = "UPDATE users SET hashed_password = CASE WHEN email_verified THEN hashed_password END, \
        updated_at = CASE WHEN email_verified THEN updated_at ELSE :now END, email_verified = TRUE \
        WHERE id = :id AND email_key = :key";
    HAS_ADDRESS = "SELECT doorward_refuse('user_changed') WHERE NOT EXISTS \
        (SELECT 1 FROM users WHERE id = :id AND email_key = :key)";
}

row! {
    /// The account with an address.
    #[derive(Debug)]
    pub(super) struct Mailed from users {
        pub(super) user: User = ..,
        pub(super) hash: Option<String> = "users.hashed_password",
        pub(super) banned_until: Option<OffsetDateTime>,
        pub(super) factors: Vec<String> = (factor_kinds!("users.id")),
    }
}

/// Reads the account with this address.
pub(super) fn find(key: &str) -> Step {
    step!(FIND { key })
}

/// Reads the account that the secret with this digest was created for.
pub(super) fn find_by_secret(digest: Vec<u8>) -> Step {
    step!(FIND_BY_SECRET { digest })
}

/// Marks the address as verified, and removes a password set before; fails with `user_changed` if the account
/// has another address.
pub(super) fn prove(id: Uuid, key: &str, now: OffsetDateTime) -> [Step; 2] {
    [step!(PROVE { id, key, now }), step!(HAS_ADDRESS { id, key })]
}
