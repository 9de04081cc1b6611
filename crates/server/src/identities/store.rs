//! Every statement on `identities`, and on `users` what makes the user of a new one.

use time::OffsetDateTime;
use uuid::Uuid;

use super::examine::LinkedUser;
use super::person::Person;
use crate::accounts::Name;
use crate::db::{Columns, Database, FromRow, Row};
use crate::email::Email;
use crate::gate::end_sessions_of_linked;
use crate::sql::{Result, Step};
use crate::{params, statements, step, text};

/// The account `u` of a verified address, unless somebody may open it who is not known to own the address:
/// another subject of this issuer, as of a recycled address, or anybody whose issuer did not verify it.
/// `:link` is null where linking is not allowed.
macro_rules! linkable {
    () => {
        "u.email_key = :link AND u.email_verified AND NOT EXISTS (SELECT 1 FROM identities o \
         WHERE o.user_id = u.id AND (o.issuer = :issuer OR NOT o.address_proven))"
    };
}

statements! {
    FIND = "SELECT i.id, i.user_id FROM identities i WHERE i.issuer = $1 AND i.subject = $2";
    FIND_FATE = "SELECT i.user_id, u.is_active, u.banned_until FROM identities i \
        JOIN users u ON u.id = i.user_id WHERE i.issuer = $1 AND i.subject = $2";
    INSERT_USER = text!(
        "INSERT INTO users (id, email, email_key, email_verified, name, created_at, updated_at) \
         SELECT :user, CASE WHEN taken.one IS NULL THEN :email END, \
         CASE WHEN taken.one IS NULL THEN :email_key END, :proven AND taken.one IS NULL, :name, :now, :now \
         FROM (SELECT (SELECT u.id FROM users u WHERE u.email_key = :email_key) AS one) taken \
         WHERE NOT EXISTS (SELECT 1 FROM identities i WHERE i.issuer = :issuer AND i.subject = :subject) \
         AND NOT EXISTS (SELECT 1 FROM users u WHERE ", linkable!(), ") RETURNING id"
    );
    INSERT_ROLE = "INSERT INTO user_roles (user_id, role) \
        SELECT u.id, 'user' FROM users u WHERE u.id = :user";
    INSERT_IDENTITY = text!(
        "INSERT INTO identities (id, issuer, subject, user_id, created_at, address_proven) \
         SELECT :identity, :issuer, :subject, u.id, :now, :proven FROM users u \
         WHERE (u.id = :user OR (", linkable!(), ")) \
         AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.issuer = :issuer AND i.subject = :subject)"
    );
    // Whoever set the password never proved the address, whatever somebody says who may write accounts.
    END_PASSWORD_OF_LINKED = "UPDATE users SET hashed_password = NULL, updated_at = :now \
        WHERE id <> :user AND id = (SELECT i.user_id FROM identities i WHERE i.id = :identity)";
    FIND_BETTER_AUTH_SESSION = "SELECT doorward_better_auth_session($1, $2) AS answer";
}

/// A subject of an issuer, as the user it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: Uuid,
    pub(super) user_id: Uuid,
}

impl FromRow for Identity {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self { id: row.get(0)?, user_id: row.get(1)? })
    }
}

/// The ids of what a first sight makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewIds {
    pub(super) identity: Uuid,
    pub(super) user: Uuid,
}

pub(super) async fn find(db: &Database, person: &Person) -> Result<Option<Identity>> {
    db.find(Step::new(FIND, params![&person.issuer, &person.subject])).await
}

impl FromRow for LinkedUser {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self { user_id: row.get(0)?, is_active: row.get(1)?, banned_until: row.get(2)? })
    }
}

/// What became of the person's user.
pub(super) async fn find_fate(db: &Database, person: &Person) -> Result<Option<LinkedUser>> {
    db.find(Step::new(FIND_FATE, params![&person.issuer, &person.subject])).await
}

/// The identity of the person, made together with its user unless both are there; and whether the user
/// was. An account that it is tied to loses its password and its sessions. `Unique` where somebody else just made one of them, or took the address.
pub(super) async fn insert(
    db: &Database,
    person: &Person,
    may_link: bool,
    new: NewIds,
    now: OffsetDateTime,
) -> Result<(Option<Identity>, bool)> {
    let key = person.email.as_ref().map(Email::key);
    let link = key.filter(|_| may_link && person.is_email_verified);
    let (issuer, subject) = (&person.issuer, &person.subject);
    let (proven, NewIds { identity, user }) = (person.is_email_verified, new);
    let steps = vec![
        step!(INSERT_USER {
            user,
            link,
            issuer,
            subject,
            email: person.email.as_ref().map(Email::as_str),
            email_key: key,
            proven,
            name: person.name.as_ref().map(Name::as_str),
            now,
        }),
        step!(INSERT_ROLE { user }),
        step!(INSERT_IDENTITY { identity, link, issuer, subject, user, now, proven }),
        step!(END_PASSWORD_OF_LINKED { identity, user, now }),
        end_sessions_of_linked(identity, user, now),
        Step::new(FIND, params![issuer, subject]),
    ];
    let rows = db.write(steps).await?;
    let found = rows.last().and_then(|rows| rows.first()).map(Row::read);
    let made = rows.first().is_some_and(|rows| !rows.is_empty());
    Ok((found.transpose()?, made))
}

/// What Better Auth's tables say of a session token, as JSON; `None` if it is nobody's or expired.
pub(super) async fn find_better_auth_session(
    db: &Database,
    token: &str,
    now: OffsetDateTime,
) -> Result<Option<String>> {
    let found =
        db.find::<BetterAuthUser>(Step::new(FIND_BETTER_AUTH_SESSION, params![token, now])).await?;
    Ok(found.and_then(|answer| answer.0))
}

struct BetterAuthUser(Option<String>);

impl FromRow for BetterAuthUser {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        row.get(0).map(Self)
    }
}
