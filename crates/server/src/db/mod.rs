//! One query, two databases: every statement is written once and runs on SQLite and PostgreSQL.
//! Features call [`Database`] with statements declared by [`statements!`]; owner-scoped work goes
//! through `read_as` and `write_as`, which check the live session and set row-level security in the
//! work's own round trip. Driver crates are named in this folder only.

mod catalog;
mod database;
mod history;
pub mod migrate;
mod migrate_error;
mod migrate_plan;
mod migrate_postgres;
mod migrate_sqlite;
mod migration;
mod migration_script;
mod pg_connect;
mod pg_fault;
mod pg_gather;
mod pg_lane;
mod pg_link;
mod pg_pooler;
mod pg_query;
mod pg_row;
mod pg_tls;
mod policy_proof;
mod postgres;
mod row;
mod safeguards;
mod sqlite;
mod sqlite_open;
mod sqlite_queue;
mod sqlite_row;
mod sqlite_thread;
mod state;
mod tenant_role;
mod value;
pub mod verify;
mod verify_drift;
mod verify_postgres;
mod verify_sqlite;

pub use catalog::{Change, Object};
pub use database::{Database, Step};
pub use history::{Record, State, Status};
pub use migrate_error::MigrateError;
pub use migration::{Engine, MIGRATIONS, Migration};
pub use migration_script::{Direction, SchemaStep, TENANT_ROLE, downward, offline, upward};
pub use row::{Columns, FromRow, FromValue, Row};
pub use safeguards::{
    Authority, STATEMENTS, end_sessions, keep_an_admin, lock_admins, user_exists,
};
pub use state::Schema;
pub use value::{Value, ValueRef};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::permission::Permission;

/// A statement of a store. Made by [`statements!`] only, so that a guard test can prepare each one
/// on both engines.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The constant's name, for logs and tests.
    pub name: &'static str,
    /// Portable SQL with `$1…` parameters.
    pub text: &'static str,
}

/// Where a statement's text is in the binary, and its length.
type Place = (usize, usize);

impl Sql {
    /// Tells statements apart without reading them: they are constants.
    fn place(self) -> Place {
        (self.text.as_ptr() as usize, self.text.len())
    }
}

/// Declares the statements of one store and `STATEMENTS`, the list of them all.
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$meta])* pub(super) const $name: $crate::db::Sql =
            $crate::db::Sql { name: stringify!($name), text: $text };)+
        /// Every statement of this store, prepared on both engines by a guard test.
        pub const STATEMENTS: &[$crate::db::Sql] = &[$($name),+];
    };
}

/// Parameters of a statement, in `$1…` order.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}

/// Whose work this is: the claims of a verified access token, checked against the live session and
/// the active user in the same round trip as the work.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// The token's `sub`; of another issuer's token, the local user it stands for.
    pub user_id: Uuid,
    /// What lets the user in.
    pub via: Via,
    /// The token's `sid`; of another issuer's token, the id of its identity.
    pub session_id: Uuid,
    /// The token's `gen`; its first use confirms that generation of the refresh token.
    pub generation: i64,
    /// The present instant.
    pub now: OffsetDateTime,
    /// What the user must be allowed besides; checked only where something is needed.
    pub permission: Option<Permission>,
}

impl Gate {
    /// The session, where there is one.
    pub fn session(&self) -> Option<Uuid> {
        (self.via == Via::Session).then_some(self.session_id)
    }
}

/// What must stand in the database for a gate to open, besides an active user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// A live session.
    Session,
    /// An identity at another issuer, which has the sessions.
    Identity,
}

/// Why a statement did not do its work. Nothing was changed, `Unconfirmed` apart.
#[derive(Debug)]
pub enum DbError {
    /// The gate found no live session of an active user.
    SessionEnded,
    /// A step found its precondition broken and called `doorward_refuse` with this reason; or the
    /// gate's user lacks the permission it asks for.
    Refused(String),
    /// A unique index refused the row.
    Unique,
    /// A foreign key refused the row: what it belongs to has just been deleted.
    Orphan,
    /// The database cannot be reached, or did not answer in time.
    Away(String),
    /// The connection broke, or the deadline passed, after a write was sent and before its outcome
    /// was known: it may have been done. The one error of which `Err` does not mean "nothing".
    Unconfirmed(String),
    /// The queue to the database is full.
    Overloaded,
    /// A bug: bad SQL, a wrong type, a policy violation.
    Internal(String),
}

/// What statements return.
pub type Result<T> = std::result::Result<T, DbError>;

impl std::fmt::Display for DbError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SessionEnded => out.write_str("the session has ended"),
            Self::Refused(reason) => write!(out, "refused: {reason}"),
            Self::Unique => out.write_str("a unique index refused the row"),
            Self::Orphan => out.write_str("a foreign key refused the row"),
            Self::Overloaded => out.write_str("the queue to the database is full"),
            Self::Unconfirmed(why) => write!(out, "the write may or may not be done: {why}"),
            Self::Away(why) | Self::Internal(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for DbError {}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::SessionEnded => {
                Self::InvalidToken("The session of this token has ended: sign in again.")
            }
            DbError::Refused(reason) => refusal(&reason),
            DbError::Away(why) => {
                tracing::warn!(%why, "database away");
                Self::Unavailable("The database is away; nothing was changed. Try again shortly.")
            }
            DbError::Unconfirmed(why) => {
                tracing::warn!(%why, "a write was not confirmed");
                Self::Unavailable(
                    "The database went away before it confirmed the change: look whether it was made before trying again.",
                )
            }
            DbError::Overloaded => {
                Self::Unavailable("The server is overloaded; try again shortly.")
            }
            DbError::Orphan => Self::NotFound,
            DbError::Unique => Self::Internal("unexpected unique violation".into()),
            DbError::Internal(why) => Self::Internal(why),
        }
    }
}

/// What the reasons given to `doorward_refuse` mean to a client.
fn refusal(reason: &str) -> Error {
    if let Some(needed) = reason.strip_prefix("insufficient_scope:") {
        let needed = Permission::parse(needed).map_or(Permission::EVERY, Permission::as_str);
        return Error::InsufficientScope(needed);
    }
    match reason {
        "not_found" => Error::NotFound,
        "last_admin" => Error::LastAdmin,
        "role_built_in" => Error::RoleBuiltIn,
        _ => Error::Internal(format!("refused for an unknown reason: {reason}")),
    }
}
