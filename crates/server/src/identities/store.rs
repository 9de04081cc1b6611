//! The statements on `identities` and `imported_sessions`, and those on `users` that create the user of a new
//! identity.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::examine::LinkedUser;
use super::imported::{Digest, ImportedFate, ImportedSession};
use super::person::Person;
use crate::accounts::Name;
use crate::db::{Database, Row};
use crate::email::Email;
use crate::gate::{
    end_devices_of_linked, end_keys_of_linked, end_passkeys_of_linked, end_sessions_of_linked,
};
use crate::sql::Result;
use crate::{row, statements, step, text};

/// The account `u` with a verified address, unless somebody can access it who may not own the address:
/// another subject of this issuer (the address may have been reassigned), or anybody whose issuer did not
/// verify it. `:link` is null if linking is off.
macro_rules! linkable {
    () => {
        "u.email_key = :link AND u.email_verified AND NOT EXISTS (SELECT 1 FROM identities o \
         WHERE o.user_id = u.id AND (o.issuer = :issuer OR NOT o.address_proven))"
    };
}

statements! {
    FIND = text!(
        "SELECT ", Identity::COLUMNS, " FROM identities WHERE issuer = :issuer AND subject = :subject"
    );
    FIND_FATE = text!(
        "SELECT ", LinkedUser::COLUMNS, " FROM identities i JOIN users ON users.id = i.user_id \
         WHERE i.issuer = :issuer AND i.subject = :subject"
    );
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
    // Whoever set the password never proved ownership of the address, whatever an administrator has set.
    END_PASSWORD_OF_LINKED = "UPDATE users SET hashed_password = NULL, updated_at = :now \
        WHERE id <> :user AND id = (SELECT i.user_id FROM identities i WHERE i.id = :identity)";
    FIND_BETTER_AUTH_SESSION = "SELECT doorward_better_auth_session_of(:token, :now, :tables) AS answer";
    FIND_BETTER_AUTH = text!("SELECT ", FoundSessions::COLUMNS);
    // Whether the session is live is for the gate to say, as of every other.
    FIND_IMPORTED = text!(
        "SELECT ", ImportedSession::COLUMNS, " FROM imported_sessions m JOIN sessions ON sessions.id = m.session_id \
         WHERE m.digest = :digest"
    );
    FIND_IMPORTED_FATE = text!(
        "SELECT ", ImportedFate::COLUMNS, " FROM sessions JOIN users ON users.id = sessions.user_id \
         WHERE sessions.user_id = :owner AND sessions.id = :id"
    );
}

row! {
    /// A subject of an issuer, with its local user.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Identity from identities {
        pub(super) id: Uuid,
        pub(super) user_id: Uuid,
    }
}

row! {
    /// Where an issuer's sessions may be.
    #[derive(Debug)]
    pub(super) struct FoundSessions {
        /// The names of Better Auth's tables and columns here, as JSON; `None` if there are none.
        pub(super) tables: Option<String> = "doorward_better_auth_tables()",
        /// Some were imported.
        pub(super) were_imported: bool =
            "EXISTS (SELECT 1 FROM imported_sessions m WHERE m.issuer = :issuer)",
    }
}

/// The ids of the rows that a first token creates.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewIds {
    pub(super) identity: Uuid,
    pub(super) user: Uuid,
}

pub(super) async fn find(db: &Database, person: &Person) -> Result<Option<Identity>> {
    db.find(step!(FIND { issuer: &person.issuer, subject: &person.subject })).await
}

/// The state of the person's user.
pub(super) async fn find_fate(db: &Database, person: &Person) -> Result<Option<LinkedUser>> {
    db.find(step!(FIND_FATE { issuer: &person.issuer, subject: &person.subject })).await
}

/// The identity of the person, created together with its user unless both exist; and whether the user
/// existed. A linked account loses its password, passkeys and sessions. `Unique` if another request just
/// created one of them, or took the address.
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
        end_passkeys_of_linked(identity, user),
        end_keys_of_linked(identity, user),
        end_devices_of_linked(identity, user),
        step!(FIND { issuer, subject }),
    ];
    let rows = db.write(steps).await?;
    let found = rows.last().and_then(|rows| rows.first()).map(Row::read);
    let made = rows.first().is_some_and(|rows| !rows.is_empty());
    Ok((found.transpose()?, made))
}

/// The session of a token in these tables of Better Auth; `None` if it is unknown or expired.
pub(super) async fn find_better_auth_session(
    db: &Database,
    token: &str,
    tables: &str,
    now: OffsetDateTime,
) -> Result<Option<Value>> {
    let answer = db.find(step!(FIND_BETTER_AUTH_SESSION { token, now, tables })).await?;
    let answer: Option<String> = answer.flatten();
    Ok(answer.and_then(|answer| serde_json::from_str(&answer).ok()))
}

/// What became of an imported session.
pub(super) async fn find_imported_fate(
    db: &Database,
    session: &ImportedSession,
) -> Result<Option<ImportedFate>> {
    db.find(step!(FIND_IMPORTED_FATE { owner: session.user_id, id: session.id })).await
}

/// Where Better Auth's sessions are here.
pub(super) async fn find_better_auth(db: &Database, issuer: &str) -> Result<FoundSessions> {
    let found = db.find(step!(FIND_BETTER_AUTH { issuer })).await?;
    Ok(found.unwrap_or(FoundSessions { tables: None, were_imported: false }))
}

/// The session that was imported with this token.
pub(super) async fn find_imported(
    db: &Database,
    digest: &Digest,
) -> Result<Option<ImportedSession>> {
    db.find(step!(FIND_IMPORTED { digest: digest.as_slice() })).await
}
