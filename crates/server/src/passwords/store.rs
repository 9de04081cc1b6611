//! Every statement on the password hashes in `users`.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::{Columns, FromRow};
use crate::email::Email;
use crate::gate::{Gate, Standing};
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    FIND_CREDENTIALS = "SELECT u.id, u.email, u.hashed_password, u.is_active, u.banned_until, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles \
        FROM users u WHERE u.email_key = $1";
    FIND_OWN_CREDENTIALS = "SELECT u.id, u.email, u.hashed_password, u.is_active, u.banned_until, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles \
        FROM users u WHERE u.id = $1";
    KEEPS_PASSWORD = "SELECT doorward_refuse('password_changed') \
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = $1 AND u.hashed_password = $2)";
    REPLACE_HASH = "UPDATE users SET hashed_password = $3, updated_at = $4 \
        WHERE id = $1 AND hashed_password = $2";
    UPGRADE_HASH = "UPDATE users SET hashed_password = $3 WHERE id = $1 AND hashed_password = $2";
    SET_HASH = "UPDATE users SET hashed_password = $2, updated_at = $3 WHERE id = $1";
}

/// A user, and the stored hash if there is one.
#[derive(Debug)]
pub(super) struct FoundUser {
    pub(super) id: Uuid,
    pub(super) hash: Option<String>,
    email: Option<String>,
    roles: Option<String>,
    is_active: bool,
    banned_until: Option<OffsetDateTime>,
}

impl FromRow for FoundUser {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            email: row.get(1)?,
            hash: row.get(2)?,
            is_active: row.get(3)?,
            banned_until: row.get(4)?,
            roles: row.get(5)?,
        })
    }
}

impl FoundUser {
    /// The user if there is a password at all.
    pub(super) fn with_password(self) -> Option<Credentials> {
        let Self { id, email, roles, hash, is_active, banned_until } = self;
        hash.map(|hash| Credentials { id, email, roles, hash, is_active, banned_until })
    }
}

/// A user who has a password.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) id: Uuid,
    pub(crate) email: Option<String>,
    /// The names of the roles, as the database lists them.
    pub(crate) roles: Option<String>,
    /// The stored hash.
    pub(crate) hash: String,
    is_active: bool,
    banned_until: Option<OffsetDateTime>,
}

impl Credentials {
    /// Disabled, or banned at this instant.
    pub(super) fn is_shut_out(&self, now: OffsetDateTime) -> bool {
        Standing::of(self.is_active, self.banned_until, now) != Standing::Active
    }
}

/// Reads the account with this address.
pub(super) fn find(email: Option<&Email>) -> Step {
    Step::new(FIND_CREDENTIALS, params![email.map(Email::key)])
}

/// Reads the gate's user.
pub(super) fn find_own(gate: Gate) -> Step {
    Step::new(FIND_OWN_CREDENTIALS, params![gate.user_id])
}

/// Refuses, as `password_changed`, unless the hash is `hash`.
pub(crate) fn keeps(owner: Uuid, hash: &str) -> Step {
    Step::new(KEEPS_PASSWORD, params![owner, hash])
}

/// Replaces a hash unless it was changed in the meantime.
pub(super) fn upgrade(owner: Uuid, old: &str, new: &str) -> Step {
    Step::new(UPGRADE_HASH, params![owner, old, new])
}

/// Replaces a hash by another password's; refuses if it was changed in the meantime.
pub(super) fn replace(owner: Uuid, old: &str, new: &str, now: OffsetDateTime) -> [Step; 2] {
    [Step::new(REPLACE_HASH, params![owner, old, new, now]), keeps(owner, new)]
}

/// Replaces whatever hash there is.
pub(super) fn set(owner: Uuid, hash: &str, now: OffsetDateTime) -> Step {
    Step::new(SET_HASH, params![owner, hash, now])
}
