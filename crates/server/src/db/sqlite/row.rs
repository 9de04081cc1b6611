//! Values, rows and errors of SQLite. Ids and instants are fixed-width text there.

use rusqlite::types::{ToSqlOutput, ValueRef as Lent};
use rusqlite::{ErrorCode, ToSql, ffi};

use crate::db::row::Source;
use crate::db::sqlite::session::SqliteSession;
use crate::db::{Columns, FromRow, RowSink};
use crate::input::PAGE_BYTES;
use crate::sql::{DbError, Result, Step};
use crate::sql::{RawValue, Value, ValueRef};
use crate::timestamp::Timestamp;

impl SqliteSession {
    /// Runs one statement; returns its rows.
    pub(in crate::db) fn run<T: FromRow>(&self, step: &Step) -> Result<Vec<T>> {
        self.run_into(step, Vec::new())
    }

    /// The same, given to `into` row by row.
    pub(in crate::db) fn run_into<R: RowSink>(&self, step: &Step, into: R) -> Result<R> {
        self.run_until(step, into, |_| Ok(false))
    }

    /// The same until the texts of the rows fill a page.
    pub(in crate::db) fn page<R: RowSink>(&self, step: &Step, into: R) -> Result<R> {
        let mut bytes = 0;
        self.run_until(step, into, |row| {
            for column in 0..row.as_ref().column_count() {
                if let Lent::Text(text) = row.get_ref(column).map_err(failed)? {
                    bytes += text.len();
                }
            }
            Ok(bytes >= PAGE_BYTES)
        })
    }

    fn run_until<R: RowSink>(
        &self,
        step: &Step,
        mut into: R,
        mut is_last: impl FnMut(&rusqlite::Row<'_>) -> Result<bool>,
    ) -> Result<R> {
        let mut statement = self.connection.prepare_cached(step.sql.sqlite).map_err(failed)?;
        for (index, value) in step.params.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value).map_err(failed)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            into.take(&mut Columns::of(Source::Sqlite(row)))?;
            if is_last(row)? {
                break;
            }
        }
        Ok(into)
    }
}

/// One column.
pub(in crate::db) fn value<'a>(row: &'a rusqlite::Row<'a>, column: usize) -> Result<RawValue<'a>> {
    Ok(RawValue::Read(match row.get_ref(column).map_err(failed)? {
        Lent::Null => ValueRef::Null,
        Lent::Integer(value) => ValueRef::Int(value),
        Lent::Text(text) => return Ok(RawValue::Text(text)),
        Lent::Blob(bytes) => ValueRef::Bytes(bytes),
        Lent::Real(_) => return Err(DbError::Internal("unexpected REAL column".into())),
    }))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(rusqlite::types::Value::Null),
            Self::Bool(value) => i64::from(*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Text(text) => ToSqlOutput::Borrowed(Lent::Text(text.as_bytes())),
            Self::Uuid(id) => id.hyphenated().to_string().into(),
            Self::Time(at) => Timestamp::fixed(*at).as_str().to_owned().into(),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(Lent::Blob(bytes)),
        })
    }
}

/// The prefix of errors from `doorward_refuse`.
pub(in crate::db) const REFUSED: &str = "refused: ";

/// The error for the caller.
#[allow(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
pub(crate) fn failed(error: rusqlite::Error) -> DbError {
    if let rusqlite::Error::SqliteFailure(_, Some(message)) = &error
        && let Some(reason) = message.strip_prefix(REFUSED)
    {
        return DbError::Refused(reason.to_owned());
    }
    let extended = error.sqlite_error().map(|error| error.extended_code);
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => match extended {
            Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
                DbError::Unique(error.to_string())
            }
            Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => DbError::Orphan,
            _ => DbError::Internal(error.to_string()),
        },
        Some(ErrorCode::DiskFull) => DbError::Full(error.to_string()),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OperationInterrupted
            | ErrorCode::SystemIoFailure,
        ) => DbError::Away(error.to_string()),
        _ => {
            let why = error.to_string();
            // SQLite has one code for all of these; its texts are not localized.
            if why.starts_with("no such table") {
                DbError::Unready(why)
            } else {
                DbError::Internal(why)
            }
        }
    }
}
