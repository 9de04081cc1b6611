//! Why a statement failed, in terms common to both engines.

/// Why a statement failed. Nothing was changed, except possibly with `Unconfirmed`.
#[derive(Clone, Debug)]
pub enum DbError {
    /// The gate found no live session of an active user.
    SessionEnded,
    /// The gate found no such API key of an active user, or one that has expired.
    KeyEnded,
    /// A step's precondition failed and it called `doorward_refuse` with this reason, or the gate's user
    /// lacks the required permission.
    Refused(String),
    /// A unique index rejected the row; the text names it or its columns.
    Unique(String),
    /// A foreign key rejected the row: what it refers to has just been deleted.
    Orphan,
    /// The database cannot be reached, or did not respond in time.
    Away(String),
    /// The database server rejects the login: wrong user, password or database. Waiting a few seconds will
    /// not help.
    NotAdmitted(String),
    /// The database lacks tables, functions or privileges that the server needs. Other statements may work;
    /// this one fails until an operator acts.
    Unready(String),
    /// The connection broke, or the deadline passed, after a write was sent and before its result was known:
    /// it may have been done. The only error after which something may have changed.
    Unconfirmed(String),
    /// Its disk or quota is full: writes fail until there is space, reads continue.
    Full(String),
    /// The queue to the database is full.
    Overloaded,
    /// A bug: bad SQL, a wrong type, a policy violation.
    Internal(String),
}

/// The result of statements.
pub type Result<T> = std::result::Result<T, DbError>;

impl std::fmt::Display for DbError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SessionEnded => out.write_str("the session has ended"),
            Self::KeyEnded => out.write_str("the API key is not valid"),
            Self::Refused(reason) => write!(out, "refused: {reason}"),
            Self::Unique(_) => out.write_str("a unique index rejected the row"),
            Self::Orphan => out.write_str("a foreign key rejected the row"),
            Self::Overloaded => out.write_str("the database queue is full"),
            Self::Unconfirmed(why) => write!(out, "the write may or may not be done: {why}"),
            Self::Away(why)
            | Self::NotAdmitted(why)
            | Self::Unready(why)
            | Self::Full(why)
            | Self::Internal(why) => out.write_str(why),
        }
    }
}

impl std::error::Error for DbError {}
