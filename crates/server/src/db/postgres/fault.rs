//! PostgreSQL's errors: whether the work can be repeated, whether the connection is lost, and the error for
//! the caller, by SQLSTATE class.

use std::error::Error as _;

use tokio_postgres::Error;

use crate::db::postgres::link::Link;
use crate::sql::DbError;

/// `read_only_sql_transaction`: a standby, or a read-only database.
const READ_ONLY: &str = "25006";
/// `lock_not_available`.
const HELD: &str = "55P03";

/// An error, and what is known about the work.
pub(in crate::db) struct Fault {
    error: Error,
    undone: bool,
    gate_closed: bool,
}

impl Fault {
    /// For a message that may have reached the server.
    pub(in crate::db) fn sent(error: Error) -> Self {
        Self { error, undone: false, gate_closed: false }
    }

    /// For work that the server has not done: its decisive message was not sent, or the server aborted the
    /// transaction before `COMMIT`.
    pub(in crate::db) fn undone(error: Error) -> Self {
        Self { error, undone: true, gate_closed: false }
    }

    /// The gate's failed cast: no live session.
    pub(in crate::db) fn gate_closed(error: Error) -> Self {
        Self { error, undone: false, gate_closed: true }
    }

    /// Whether nothing was done and a retry may succeed: the connection broke too early, a plan or name was
    /// gone, the transaction lost a conflict, or the server accepts no writes but another one may by now.
    pub(in crate::db) fn is_undone(&self) -> bool {
        (self.undone && self.is_lost())
            || matches!(self.code(), "0A000" | "26000" | "40001" | "40P01" | READ_ONLY)
    }

    /// Whether the connection broke, with or without an error from the server.
    pub(in crate::db) fn is_lost(&self) -> bool {
        match self.error.as_db_error() {
            Some(_) => self.code().starts_with("57P0") || self.code().starts_with("08"),
            None => self.is_broken(),
        }
    }

    /// Whether others held a lock for longer than a connection waits; nothing was done.
    pub(in crate::db) fn is_held(&self) -> bool {
        self.code() == HELD
    }

    fn is_broken(&self) -> bool {
        self.error.as_db_error().is_none()
            && self.error.source().is_none_or(<dyn std::error::Error>::is::<std::io::Error>)
    }

    fn code(&self) -> &str {
        self.error.code().map_or("", |code| code.code())
    }

    /// Leaves the connection usable for the next caller, or closed.
    pub(in crate::db) fn settle(&self, link: &Link) {
        match self.code() {
            "0A000" => link.forget_statements(),
            READ_ONLY => link.turn_away(),
            // Our statement names are gone: something between us and the server has changed.
            "26000" | "42P05" => link.close(),
            _ if self.is_lost() => link.close(),
            _ => {}
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.error.as_db_error() {
            Some(answer) => out.write_str(answer.message()),
            None => self.error.fmt(out),
        }
    }
}

impl From<Fault> for DbError {
    fn from(fault: Fault) -> Self {
        if fault.gate_closed { Self::SessionEnded } else { failed(&fault.error) }
    }
}

/// The error for the caller.
pub(in crate::db) fn failed(error: &Error) -> DbError {
    let Some(answer) = error.as_db_error() else {
        return match error.source() {
            Some(cause) if !cause.is::<std::io::Error>() => {
                DbError::Internal(format!("{error}: {cause}"))
            }
            _ => DbError::Away(error.to_string()),
        };
    };
    let why = format!("{}: {}", answer.code().code(), answer.message());
    match answer.code().code() {
        "23505" => DbError::Unique(answer.constraint().unwrap_or_default().to_owned()),
        "DW001" => DbError::Refused(answer.message().to_owned()),
        "23503" => DbError::Orphan,
        "53300" => DbError::Overloaded,
        "53100" => DbError::Full(why),
        // A lock or statement timeout, a deadlock, a standby that accepts no writes yet.
        "57014" | HELD | "40001" | "40P01" | READ_ONLY | "25P03" => DbError::Away(why),
        // A missing table, schema, column or function.
        "42P01" | "3F000" | "42703" | "42883" => DbError::Unready(why),
        // A policy violation has the same code, but is a bug.
        "42501" if answer.routine() == Some("aclcheck_error") => DbError::Unready(why),
        code if matches!(code.get(..2), Some("08" | "53" | "58")) || code.starts_with("57P") => {
            DbError::Away(why)
        }
        _ => DbError::Internal(why),
    }
}
