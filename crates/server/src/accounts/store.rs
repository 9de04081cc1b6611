//! Every statement on `users` and `user_roles` that accounts run.

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

/// Inserts an active user with their roles.
pub(super) fn insert(user: &User, email: &Email, hash: &str) -> Vec<Step> {
    let id = user.id;
    let row = step!(INSERT_USER {
        id,
        email: email.as_str(),
        email_key: email.key(),
        name: user.name.as_deref(),
        hash,
        now: user.created_at,
    });
    let roles = user.roles.iter().map(|role| step!(INSERT_ROLE { id, role }));
    std::iter::once(row).chain(roles).collect()
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
