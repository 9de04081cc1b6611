//! Every statement on `users` and `user_roles` that accounts run.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Name, User};
use crate::db::Database;
use crate::email::Email;
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::{params, statements};

statements! {
    INSERT_USER = "INSERT INTO users (id, email, email_key, name, hashed_password, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $6)";
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) VALUES ($1, $2)";
    FIND_OWN = "SELECT u.id, u.email, u.name, u.is_active, u.email_verified, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles, \
        u.created_at, u.updated_at FROM users u WHERE u.id = $1";
    UPDATE_NAME = "UPDATE users SET name = $2, updated_at = $3 WHERE id = $1 \
        RETURNING id, email, name, is_active, email_verified, \
        (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r WHERE r.user_id = users.id) AS roles, \
        created_at, updated_at";
    DELETE_USER = "DELETE FROM users WHERE id = $1";
}

/// A user to be inserted.
#[derive(Debug)]
pub(super) struct NewAccount<'a> {
    pub(super) id: Uuid,
    pub(super) email: &'a Email,
    pub(super) name: Option<&'a Name>,
    pub(super) hash: &'a str,
    pub(super) role: &'a str,
    pub(super) now: OffsetDateTime,
}

/// Inserts a user with a role.
pub(super) fn insert(new: &NewAccount<'_>) -> Vec<Step> {
    let user = params![
        new.id,
        new.email.as_str(),
        new.email.key(),
        new.name.map(Name::as_str),
        new.hash,
        new.now,
    ];
    let role = params![new.id, new.role];
    vec![Step::new(INSERT_USER, user), Step::new(INSERT_ROLE, role)]
}

pub(super) async fn find_own(db: &Database, gate: Gate) -> Result<Option<User>> {
    Ok(db.read_as(gate, Step::new(FIND_OWN, params![gate.user_id])).await?.into_iter().next())
}

pub(super) async fn update_name(
    db: &Database,
    gate: Gate,
    name: Option<&Name>,
) -> Result<Option<User>> {
    let values = params![gate.user_id, name.map(Name::as_str), gate.now];
    Ok(db.write_as(gate, Step::new(UPDATE_NAME, values)).await?.into_iter().next())
}

/// Deletes a user with all that hangs on the row.
pub(super) fn delete(owner: Uuid) -> Step {
    Step::new(DELETE_USER, params![owner])
}
