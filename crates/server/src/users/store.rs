//! Every statement on `users` that administration runs, whoever the user is.

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::update::UserChange;
use super::{AdminUser, NewUser, UserFilter};
use crate::accounts::Name;
use crate::db::Database;
use crate::email::Email;
use crate::gate::{Authority, flag_is};
use crate::input::{Given, Instant, Page};
use crate::sql::{Result, Step};
use crate::{params, statements};

macro_rules! user {
    ($($from:expr),+) => {
        concat!(
            "SELECT u.id, u.email, u.name, u.is_active, u.email_verified, \
             (SELECT string_agg(r.role, ',' ORDER BY r.role) FROM user_roles r \
             WHERE r.user_id = u.id) AS roles, \
             u.created_at, u.updated_at, u.banned_until, u.ban_reason FROM ",
            $($from),+
        )
    };
}

statements! {
    FIND = user!("users u WHERE u.id = $1");
    FIND_BY_EMAIL = user!("users u WHERE u.email_key = $1");
    LIST = user!("users u WHERE (u.created_at, u.id) > ($1, $2) ORDER BY u.created_at, u.id LIMIT $3");
    LIST_FILTERED = user!("users u WHERE (u.created_at, u.id) > ($1, $2) \
        AND (u.email_key LIKE $3 ESCAPE '!' OR $3 IS NULL) AND ", flag_is!("u.", "$4"),
        " ORDER BY u.created_at, u.id LIMIT $5");
    LIST_BY_ROLE = user!("user_roles h JOIN users u ON u.id = h.user_id \
        WHERE h.role = $1 AND (u.created_at, u.id) > ($2, $3) \
        AND (u.email_key LIKE $4 ESCAPE '!' OR $4 IS NULL) AND ", flag_is!("u.", "$5"),
        " ORDER BY u.created_at, u.id LIMIT $6");
    INSERT = "INSERT INTO users (id, email, email_key, name, hashed_password, is_active, \
        email_verified, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) VALUES ($1, 'user')";
    UPDATE = "UPDATE users SET name = CASE WHEN $2 THEN $3 ELSE name END, \
        is_active = coalesce($4, is_active), email_verified = coalesce($5, email_verified), \
        banned_until = CASE WHEN $6 THEN $7 ELSE banned_until END, \
        ban_reason = CASE WHEN $8 THEN $9 ELSE ban_reason END, updated_at = $10 WHERE id = $1";
    DELETE = "DELETE FROM users WHERE id = $1";
}

/// Reads the user as they are at this point of the transaction.
pub(super) fn find(id: Uuid) -> Step {
    Step::new(FIND, params![id])
}

pub(super) async fn find_by_id(
    db: &Database,
    authority: Authority,
    id: Uuid,
) -> Result<Option<AdminUser>> {
    Ok(db.read_by(authority, Step::new(FIND, params![id])).await?.into_iter().next())
}

pub(super) async fn find_by_email(
    db: &Database,
    authority: Authority,
    email: &Email,
) -> Result<Option<AdminUser>> {
    Ok(db
        .read_by(authority, Step::new(FIND_BY_EMAIL, params![email.key()]))
        .await?
        .into_iter()
        .next())
}

/// One row more than the page holds, oldest first.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    filter: &UserFilter,
    page: Page,
) -> Result<Vec<AdminUser>> {
    const START: OffsetDateTime = datetime!(0001-01-01 0:00 UTC);
    let after = page.after.map_or((START, Uuid::nil()), |cursor| (cursor.at, cursor.id));
    let limit = page.limit + 1;
    let email = filter.email.as_deref().map(containing);
    match &filter.role {
        Some(role) => {
            let values = params![role, after.0, after.1, email, filter.is_active, limit];
            db.read_by(authority, Step::new(LIST_BY_ROLE, values)).await
        }
        None if email.is_some() || filter.is_active.is_some() => {
            let values = params![after.0, after.1, email, filter.is_active, limit];
            db.read_by(authority, Step::new(LIST_FILTERED, values)).await
        }
        None => db.read_by(authority, Step::new(LIST, params![after.0, after.1, limit])).await,
    }
}

/// The `LIKE` pattern of texts with `part` in them.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

/// Inserts a user who holds the role `user`.
pub(super) fn insert(
    id: Uuid,
    new: &NewUser,
    hash: Option<&str>,
    now: OffsetDateTime,
) -> [Step; 2] {
    let values = params![
        id,
        new.email.as_str(),
        new.email.key(),
        new.name.as_ref().map(Name::as_str),
        hash,
        new.is_active.unwrap_or(true),
        new.email_verified.unwrap_or(false),
        now,
    ];
    [Step::new(INSERT, values), Step::new(INSERT_ROLE, params![id])]
}

pub(super) fn update(id: Uuid, change: &UserChange, now: OffsetDateTime) -> Step {
    let name = given(&change.name).map(|name| name.map(Name::as_str));
    let until = given(&change.banned_until).map(|until| until.map(|Instant(at)| *at));
    let reason = given(&change.ban_reason).map(|reason| reason.map(super::BanReason::as_str));
    let values = params![
        id,
        name.is_some(),
        name.flatten(),
        change.is_active,
        change.email_verified,
        until.is_some(),
        until.flatten(),
        reason.is_some(),
        reason.flatten(),
        now,
    ];
    Step::new(UPDATE, values)
}

/// `None` to keep, `Some(None)` to clear.
#[allow(clippy::option_option, reason = "RFC 7396 knows three cases")]
fn given<T>(field: &Given<T>) -> Option<Option<&T>> {
    match field {
        Given::Absent => None,
        Given::Null => Some(None),
        Given::Value(value) => Some(Some(value)),
    }
}

pub(super) fn delete(id: Uuid) -> Step {
    Step::new(DELETE, params![id])
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(containing("Ada_%!"), "%ada!_!%!!%");
    }
}
