//! Every statement on `users` and `user_roles` that accounts run.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Name;
use crate::db::Database;
use crate::email::Email;
use crate::gate::Gate;
use crate::sql::{Result, Step};
use crate::user::User;
use crate::{statements, step, text};

statements! {
    INSERT_USER = "INSERT INTO users (id, email, email_key, name, hashed_password, created_at, updated_at) \
        VALUES (:id, :email, :email_key, :name, :hash, :now, :now)";
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) VALUES (:id, :role)";
    FIND_OWN = text!("SELECT ", User::COLUMNS, " FROM users WHERE users.id = :id");
    UPDATE_NAME = text!(
        "UPDATE users SET name = :name, updated_at = :now WHERE id = :id RETURNING ", User::COLUMNS
    );
    DELETE_USER = "DELETE FROM users WHERE id = :id";
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
    let NewAccount { id, email, name, hash, role, now } = *new;
    let user = step!(INSERT_USER {
        id,
        email: email.as_str(),
        email_key: email.key(),
        name: name.map(Name::as_str),
        hash,
        now,
    });
    vec![user, step!(INSERT_ROLE { id, role })]
}

pub(super) async fn find_own(db: &Database, gate: Gate) -> Result<Option<User>> {
    Ok(db.read_as(gate, step!(FIND_OWN { id: gate.user_id })).await?.into_iter().next())
}

pub(super) async fn update_name(
    db: &Database,
    gate: Gate,
    name: Option<&Name>,
) -> Result<Option<User>> {
    let name = name.map(Name::as_str);
    let step = step!(UPDATE_NAME { id: gate.user_id, name, now: gate.now });
    Ok(db.write_as(gate, step).await?.into_iter().next())
}

/// Deletes a user with all that hangs on the row.
pub(super) fn delete(owner: Uuid) -> Step {
    step!(DELETE_USER { id: owner })
}
