//! Why a schema change failed. Every variant is a sentence for the terminal.

use crate::sql::DbError;

/// Why a migration, rollback or verification stopped. The migration at which it stopped changed nothing.
#[derive(Debug)]
pub enum MigrateError {
    /// The database failed.
    Database(DbError),
    /// A statement of a migration failed; the text names it.
    Statement(String),
    /// The same because of a role that another database's migrator has just created.
    Unheard(String),
    /// Another migrator holds the lock; the text says which.
    Locked(String),
    /// Applied migrations whose files have been edited since.
    Edited(Vec<String>),
    /// The login lacks a privilege that an administrator can grant.
    NeedsAdministrator {
        /// What the login lacks.
        why: String,
        /// The SQL for the administrator.
        sql: String,
    },
    /// A setting would create a database without isolation; the text names it.
    Misconfigured(String),
    /// Something else that makes no sense; the text says what.
    Refused(String),
}

/// What to do if a migration finds its table already created by others.
pub(in crate::schema) const OCCUPIED: &str =
    " and no migration created it: give Doorward its own database or schema";

/// What the runner returns.
pub(in crate::schema) type MigrateResult<T> = std::result::Result<T, MigrateError>;

impl From<DbError> for MigrateError {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl std::fmt::Display for MigrateError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(error) => error.fmt(out),
            Self::Statement(text)
            | Self::Unheard(text)
            | Self::Locked(text)
            | Self::Misconfigured(text)
            | Self::Refused(text) => out.write_str(text),
            Self::Edited(names) => write!(
                out,
                "{} edited after being applied: {}. Restore the files, or on a database without \
                 data worth keeping run `doorward db reset --yes`.",
                if names.len() == 1 { "A migration was" } else { "Migrations were" },
                names.join(", ")
            ),
            Self::NeedsAdministrator { why, sql } => {
                write!(out, "{why} Let an administrator run:\n\n{sql}\nthen run this again.")
            }
        }
    }
}

impl std::error::Error for MigrateError {}
