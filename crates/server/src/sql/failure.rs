//! Why a statement did not do its work, in terms that both engines share.

/// Why a statement did not do its work. Nothing was changed, `Unconfirmed` apart.
#[derive(Clone, Debug)]
pub enum DbError {
    /// The gate found no live session of an active user.
    SessionEnded,
    /// The gate found no such API key of an active user, or one that has expired.
    KeyEnded,
    /// A step found its precondition broken and called `doorward_refuse` with this reason; or the
    /// gate's user lacks the permission it asks for.
    Refused(String),
    /// A unique index refused the row; the text names it or its columns.
    Unique(String),
    /// A foreign key refused the row: what it belongs to has just been deleted.
    Orphan,
    /// The database cannot be reached, or did not answer in time.
    Away(String),
    /// The database server is there and does not let us in: wrong user, password or database. Waiting a
    /// few seconds will not help.
    NotAdmitted(String),
    /// The database answers, but lacks what the server needs: tables, functions, or privileges on them.
    /// Another statement may work; this one does not until somebody acts.
    Unready(String),
    /// The connection broke, or the deadline passed, after a write was sent and before its outcome
    /// was known: it may have been done. The one error of which `Err` does not mean "nothing".
    Unconfirmed(String),
    /// Its disk, or the room that its server grants, is full: writes fail until somebody makes room, reads go on.
    Full(String),
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
            Self::KeyEnded => out.write_str("the API key does not count"),
            Self::Refused(reason) => write!(out, "refused: {reason}"),
            Self::Unique(_) => out.write_str("a unique index refused the row"),
            Self::Orphan => out.write_str("a foreign key refused the row"),
            Self::Overloaded => out.write_str("the queue to the database is full"),
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
