//! The accounts feature's statements on `users` and `user_roles`.

use uuid::Uuid;

use super::Name;
use super::receipt::Held;
use crate::db::Database;
use crate::email::Email;
use crate::gate::Gate;
use crate::input::{Given, Locale};
use crate::metadata::MetadataObject;
use crate::sql::{Result, Sql, Step};
use crate::tasks;
use crate::user::User;
use crate::username::Username;
use crate::{statements, step, text};

statements! {
    INSERT_USER = "INSERT INTO users (id, email, email_key, name, username, username_key, \
        hashed_password, locale, user_metadata, created_at, updated_at) \
        VALUES (:id, :email, :email_key, :name, :username, :username_key, :hash, :locale, \
        :user_metadata, :now, :now)";
    INSERT_USER_IF_FREE = "INSERT INTO users (id, email, email_key, name, username, username_key, \
        hashed_password, locale, user_metadata, created_at, updated_at) \
        VALUES (:id, :email, :email_key, :name, :username, :username_key, :hash, :locale, \
        :user_metadata, :now, :now) ON CONFLICT (email_key) DO NOTHING RETURNING id";
    INSERT_ROLE_IF_MADE = "INSERT INTO user_roles (user_id, role) \
        SELECT u.id, :role FROM users u WHERE u.id = :id";
    USERNAME_IS_FREE = "SELECT doorward_refuse('username_taken') \
        WHERE EXISTS (SELECT 1 FROM users u WHERE u.username_key = :username_key)";
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) VALUES (:id, :role)";
    FIND_OWN = text!("SELECT ", User::COLUMNS, " FROM users WHERE users.id = :id");
    UPDATE_NAME = "UPDATE users SET name = :name, updated_at = :now WHERE id = :id";
    UPDATE_EMAIL = "UPDATE users SET email = :email, email_key = :email_key, \
        email_verified = FALSE, updated_at = :now WHERE id = :id";
    UPDATE_USERNAME = "UPDATE users SET username = :username, username_key = :username_key, \
        updated_at = :now WHERE id = :id";
    UPDATE_PROFILE = "UPDATE users SET \
        locale = CASE WHEN :sets_locale THEN :locale ELSE locale END, \
        user_metadata = CASE WHEN :sets_metadata THEN \
            nullif(doorward_merge_patch(user_metadata, :patch, 16384), '{}') ELSE user_metadata END, \
        updated_at = :now WHERE id = :id";
    // From here on, the view of tasks is that of the deleted user, whoever the caller is.
    VIEW_AS_USER = "SELECT set_config('doorward.user_id', :user, TRUE)";
    COUNT_HELD = text!("SELECT ", Held::COLUMNS, " FROM users u WHERE u.id = :id");
    DELETE_USER = "DELETE FROM users WHERE id = :id";
}

/// Inserts a new account; a taken address is an error, or skipped.
const INSERTS: [Sql; 2] = [INSERT_USER, INSERT_USER_IF_FREE];

fn insert_user(
    at: usize,
    user: &User,
    email: &Email,
    username: Option<&Username>,
    hash: Option<&str>,
) -> Step {
    step!(INSERTS[at] {
        id: user.id,
        email: email.as_str(),
        email_key: email.key(),
        name: user.name.as_deref(),
        username: username.map(Username::as_str),
        username_key: username.map(Username::key),
        hash,
        locale: user.locale.as_deref(),
        user_metadata: user.user_metadata.clone(),
        now: user.created_at,
    })
}

/// Inserts an active user with their roles.
pub(super) fn insert(
    user: &User,
    email: &Email,
    username: Option<&Username>,
    hash: Option<&str>,
) -> Vec<Step> {
    let id = user.id;
    let row = insert_user(0, user, email, username, hash);
    let roles = user.roles.iter().map(|role| step!(INSERT_ROLE { id, role }));
    std::iter::once(row).chain(roles).collect()
}

/// The same, except that a taken address is skipped: the second step then returns no row. A taken user name
/// is an error for every address, so that it discloses nothing about the address.
pub(super) fn insert_if_free(
    user: &User,
    email: &Email,
    username: Option<&Username>,
    hash: Option<&str>,
) -> Vec<Step> {
    let id = user.id;
    let free = step!(USERNAME_IS_FREE { username_key: username.map(Username::key) });
    let row = insert_user(1, user, email, username, hash);
    let roles = user.roles.iter().map(|role| step!(INSERT_ROLE_IF_MADE { id, role }));
    [free, row].into_iter().chain(roles).collect()
}

pub(super) async fn find_own(db: &Database, gate: Gate) -> Result<Option<User>> {
    Ok(db.read_as(gate, find(gate.user_id)).await?.into_iter().next())
}

/// Reads the user at this point of the transaction.
pub(super) fn find(id: Uuid) -> Step {
    step!(FIND_OWN { id })
}

pub(super) fn update_name(gate: Gate, name: Option<&Name>) -> Step {
    step!(UPDATE_NAME { id: gate.user_id, name: name.map(Name::as_str), now: gate.now })
}

/// Gives the gate's user another, unverified address.
pub(super) fn update_email(gate: Gate, email: &Email) -> Step {
    step!(UPDATE_EMAIL {
        id: gate.user_id,
        email: email.as_str(),
        email_key: email.key(),
        now: gate.now
    })
}

/// Gives the gate's user another user name, or removes it.
pub(super) fn update_username(gate: Gate, username: Option<&Username>) -> Step {
    step!(UPDATE_USERNAME {
        id: gate.user_id,
        username: username.map(Username::as_str),
        username_key: username.map(Username::key),
        now: gate.now
    })
}

/// Changes the language and the own fields of the gate's user; `None` if neither changes. Fails with
/// `metadata_too_large` above 16 KiB.
pub(super) fn update_profile(
    gate: Gate,
    locale: &Given<Locale>,
    patch: &Given<MetadataObject>,
) -> Option<Step> {
    let (sets_locale, sets_metadata) = (*locale != Given::Absent, *patch != Given::Absent);
    let step = step!(UPDATE_PROFILE {
        id: gate.user_id,
        sets_locale,
        locale: locale.value().map(Locale::as_str),
        sets_metadata,
        patch: patch.value().map(MetadataObject::as_text),
        now: gate.now,
    });
    (sets_locale || sets_metadata).then_some(step)
}

/// Makes the view of tasks that of this user for the rest of the transaction.
pub(super) fn view_as(owner: Uuid) -> Step {
    step!(VIEW_AS_USER { user: owner.to_string() })
}

/// Counts the user's data: tasks in the second step, everything else in the last. Must come directly before
/// the deletion.
pub(super) fn count_held(owner: Uuid) -> [Step; 3] {
    [view_as(owner), tasks::count(owner), step!(COUNT_HELD { id: owner })]
}

/// Deletes a user and all rows that refer to it.
pub(super) fn delete(owner: Uuid) -> Step {
    step!(DELETE_USER { id: owner })
}
