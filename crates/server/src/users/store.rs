//! Administration's statements on `users`.

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::update::UserChange;
use super::{AdminUser, NewServiceAccount, NewUser, UserFilter};
use crate::accounts::Name;
use crate::db::{Columns, Database, Effort, FromRow};
use crate::email::Email;
use crate::gate::{Authority, active, flag_is};
use crate::input::{Given, Instant, Locale, Page, Reach};
use crate::metadata::MetadataObject;
use crate::sql::{Result, Step};
use crate::username::Username;
use crate::{statements, step, text};

macro_rules! user {
    ($($from:expr),+) => { text!("SELECT ", AdminUser::COLUMNS, " FROM ", $($from),+) };
}

/// One page of the users selected by `$from` and the filters, oldest first.
macro_rules! page {
    ($from:literal $(, $filter:expr)*) => {
        user!(
            $from, "(users.created_at, users.id) > (:after, :after_id)", $($filter,)*
            " ORDER BY users.created_at, users.id LIMIT :limit"
        )
    };
}

/// The same, with the total on all pages; such pages can skip rows.
macro_rules! counted {
    ($from:literal) => {
        text!(
            "SELECT (SELECT count(*) FROM ",
            $from,
            FILTERS,
            ") AS total, ",
            AdminUser::COLUMNS,
            " FROM ",
            $from,
            " AND (users.created_at, users.id) > (:after, :after_id)",
            FILTERS,
            " ORDER BY users.created_at, users.id LIMIT :limit OFFSET :offset"
        )
    };
}

const FILTERS: &str = concat!(
    " AND (users.email_key LIKE :email ESCAPE '!' OR :email IS NULL) \
     AND (users.username_key LIKE :username ESCAPE '!' OR :username IS NULL) AND ",
    flag_is!("users.", ":is_active"),
    " AND (users.is_service = :is_service OR :is_service IS NULL)"
);

/// What a row adds to the size of a page: its long columns.
const WEIGHT: &str = "coalesce(octet_length(rows.user_metadata), 0) \
    + coalesce(octet_length(rows.app_metadata), 0) + 400";

statements! {
    FIND = user!("users WHERE users.id = :id");
    FIND_BY_EMAIL = user!("users WHERE users.email_key = :email_key");
    LIST = page!("users WHERE "), weighed WEIGHT;
    LIST_FILTERED = page!("users WHERE ", FILTERS), weighed WEIGHT;
    LIST_BY_ROLE = page!(
        "user_roles h JOIN users ON users.id = h.user_id WHERE h.role = :role AND ", FILTERS
    ), weighed WEIGHT;
    LIST_COUNTED = counted!("users WHERE TRUE"), weighed WEIGHT;
    LIST_BY_ROLE_COUNTED = counted!(
        "user_roles h JOIN users ON users.id = h.user_id WHERE h.role = :role"
    ), weighed WEIGHT;
    INSERT = "INSERT INTO users (id, email, email_key, name, username, username_key, hashed_password, \
        is_active, email_verified, locale, user_metadata, app_metadata, created_at, updated_at) \
        VALUES (:id, :email, :email_key, :name, :username, :username_key, :hash, :is_active, \
        :email_verified, :locale, :user_metadata, :app_metadata, :now, :now)";
    INSERT_SERVICE = "INSERT INTO users (id, name, is_service, is_active, email_verified, app_metadata, \
        created_at, updated_at) VALUES (:id, :name, TRUE, TRUE, FALSE, :app_metadata, :now, :now)";
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) VALUES (:id, 'user')";
    UPDATE = "UPDATE users SET name = CASE WHEN :sets_name THEN :name ELSE name END, \
        is_active = coalesce(:is_active, is_active), \
        email_verified = coalesce(:email_verified, email_verified), \
        banned_until = CASE WHEN :sets_banned_until THEN :banned_until ELSE banned_until END, \
        ban_reason = CASE WHEN :sets_ban_reason THEN :ban_reason ELSE ban_reason END, \
        locale = CASE WHEN :sets_locale THEN :locale ELSE locale END, \
        user_metadata = CASE WHEN :sets_user_metadata THEN \
            nullif(doorward_merge_patch(user_metadata, :user_metadata, 16384), '{}') \
            ELSE user_metadata END, \
        app_metadata = CASE WHEN :sets_app_metadata THEN \
            nullif(doorward_merge_patch(app_metadata, :app_metadata, 16384), '{}') \
            ELSE app_metadata END, \
        updated_at = :now WHERE id = :id";
    IS_INVITABLE = concat!("SELECT doorward_refuse('not_invitable') WHERE NOT EXISTS (SELECT 1 FROM users u \
        WHERE u.id = :id AND u.hashed_password IS NULL AND u.email IS NOT NULL AND ",
        active!("u.", ":now"), ")");
}

/// Reads the user at this point of the transaction.
pub(super) fn find(id: Uuid) -> Step {
    step!(FIND { id })
}

pub(super) async fn find_by_id(
    db: &Database,
    authority: Authority,
    id: Uuid,
) -> Result<Option<AdminUser>> {
    Ok(db.read_by(authority, find(id)).await?.into_iter().next())
}

pub(super) async fn find_by_email(
    db: &Database,
    authority: Authority,
    email: &Email,
) -> Result<Option<AdminUser>> {
    let step = step!(FIND_BY_EMAIL { email_key: email.key() });
    Ok(db.read_by(authority, step).await?.into_iter().next())
}

/// A user on a counted page, and the total on all pages.
struct Counted {
    total: i64,
    user: AdminUser,
}

impl FromRow for Counted {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self { total: row.read()?, user: FromRow::from_row(row)? })
    }
}

/// One row more than the page, oldest first, and the total if requested.
pub(super) async fn list(
    db: &Database,
    authority: Authority,
    filter: &UserFilter,
    page: Page,
    reach: Reach,
) -> Result<(Vec<AdminUser>, Option<i64>)> {
    const START: OffsetDateTime = datetime!(0001-01-01 0:00 UTC);
    let (after, after_id) =
        page.after.map_or((START, Uuid::nil()), |cursor| (cursor.at, cursor.id));
    let limit = page.limit + 1;
    let email = filter.email.as_deref().map(containing);
    let (is_active, is_service) = (filter.is_active, filter.is_service);
    let username = filter.username.as_deref().map(containing);
    let offset = reach.skipped();
    if offset > 0 || reach.total {
        let counted = |limit: i64, offset: i64| {
            let (email, username) = (email.clone(), username.clone());
            if let Some(role) = &filter.role {
                step!(LIST_BY_ROLE_COUNTED {
                    role,
                    after,
                    after_id,
                    email,
                    username,
                    is_active,
                    is_service,
                    limit,
                    offset,
                })
            } else {
                step!(LIST_COUNTED {
                    after,
                    after_id,
                    email,
                    username,
                    is_active,
                    is_service,
                    limit,
                    offset,
                })
            }
        };
        let mut rows: Vec<Counted> = page_by(db, authority, counted(limit, offset), limit).await?;
        let mut total = rows.first().map(|row| row.total);
        // A page after the last user has no row with the total.
        if total.is_none() && offset > 0 && reach.total {
            rows = page_by(db, authority, counted(1, 0), 1).await?;
            total = rows.pop().map(|row| row.total);
        }
        let users = rows.into_iter().map(|row| row.user).collect();
        return Ok((users, reach.total.then_some(total.unwrap_or(0))));
    }
    let is_filtered =
        email.is_some() || username.is_some() || is_active.is_some() || is_service.is_some();
    // The filters have no index, so the next match can be far away.
    let effort = if is_filtered { Effort::Search } else { Effort::Quick };
    let step = match &filter.role {
        Some(role) => {
            step!(LIST_BY_ROLE {
                role,
                after,
                after_id,
                email,
                username,
                is_active,
                is_service,
                limit
            })
        }
        None if is_filtered => {
            step!(LIST_FILTERED { after, after_id, email, username, is_active, is_service, limit })
        }
        None => step!(LIST { after, after_id, limit }),
    };
    let found = match authority {
        Authority::Caller(gate) => db.page_as(gate, step, limit, effort).await,
        Authority::Operator => db.query(step).await,
    };
    found.map(|users| (users, None))
}

/// A page that counts all rows, and so reads them all.
async fn page_by<T: FromRow>(
    db: &Database,
    authority: Authority,
    step: Step,
    limit: i64,
) -> Result<Vec<T>> {
    match authority {
        Authority::Caller(gate) => db.page_as(gate, step, limit, Effort::Search).await,
        Authority::Operator => db.query(step).await,
    }
}

/// The `LIKE` pattern for texts that contain `part`.
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

/// Inserts a user with the role `user`.
pub(super) fn insert(
    id: Uuid,
    new: &NewUser,
    username: Option<&Username>,
    hash: Option<&str>,
    now: OffsetDateTime,
) -> [Step; 2] {
    let user = step!(INSERT {
        id,
        email: new.email.as_str(),
        email_key: new.email.key(),
        name: new.name.as_ref().map(Name::as_str),
        username: username.map(Username::as_str),
        username_key: username.map(Username::key),
        hash,
        is_active: new.is_active.unwrap_or(true),
        email_verified: new.email_verified.unwrap_or(false),
        locale: new.locale.as_ref().map(Locale::as_str),
        user_metadata: new.user_metadata.clone(),
        app_metadata: new.app_metadata.clone(),
        now,
    });
    [user, step!(INSERT_ROLE { id })]
}

/// Inserts a service account with the role `user`.
pub(super) fn insert_service(id: Uuid, new: &NewServiceAccount, now: OffsetDateTime) -> [Step; 2] {
    let name = new.name.as_str();
    let user = step!(INSERT_SERVICE { id, name, app_metadata: new.app_metadata.clone(), now });
    [user, step!(INSERT_ROLE { id })]
}

pub(super) fn update(id: Uuid, change: &UserChange, now: OffsetDateTime) -> Step {
    let name = given(&change.name).map(|name| name.map(Name::as_str));
    let until = given(&change.banned_until).map(|until| until.map(|Instant(at)| *at));
    let reason = given(&change.ban_reason).map(|reason| reason.map(super::BanReason::as_str));
    step!(UPDATE {
        id,
        sets_name: name.is_some(),
        name: name.flatten(),
        is_active: change.is_active,
        email_verified: change.email_verified,
        sets_banned_until: until.is_some(),
        banned_until: until.flatten(),
        sets_ban_reason: reason.is_some(),
        ban_reason: reason.flatten(),
        sets_locale: change.locale != Given::Absent,
        locale: change.locale.value().map(Locale::as_str),
        sets_user_metadata: change.user_metadata != Given::Absent,
        user_metadata: change.user_metadata.value().map(MetadataObject::as_text),
        sets_app_metadata: change.app_metadata != Given::Absent,
        app_metadata: change.app_metadata.value().map(MetadataObject::as_text),
        now,
    })
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

/// Fails unless the account is active, has an address and has no password.
pub(super) fn is_invitable(id: Uuid, now: OffsetDateTime) -> Step {
    step!(IS_INVITABLE { id, now })
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn a_search_is_taken_literally() {
        assert_eq!(containing("Ada_%!"), "%ada!_!%!!%");
    }
}
