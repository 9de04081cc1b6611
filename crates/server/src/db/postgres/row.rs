//! PostgreSQL's columns as values, by type. A type that SQLite lacks is a bug in the statement.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::Row as PgRow;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::sql::{DbError, Result};
use crate::sql::{RawValue, Value, ValueRef};

/// The start of PostgreSQL's instants, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// One column.
pub(in crate::db) fn value(row: &PgRow, column: usize) -> Result<RawValue<'_>> {
    row.try_get(column).map_err(|error| DbError::Internal(error.to_string()))
}

type Fault = Box<dyn Error + Sync + Send>;

impl<'a> FromSql<'a> for RawValue<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> std::result::Result<Self, Fault> {
        Ok(Self::Read(match *kind {
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
                return Ok(Self::Text(raw));
            }
            Type::TIMESTAMPTZ => {
                let micros = i64::from_sql(&Type::INT8, raw)?.checked_add(EPOCH);
                return micros.map(Self::Micros).ok_or_else(|| "infinity is not portable".into());
            }
            Type::BOOL => ValueRef::Bool(bool::from_sql(kind, raw)?),
            Type::INT2 => ValueRef::Int(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => ValueRef::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => ValueRef::Int(i64::from_sql(kind, raw)?),
            Type::UUID => ValueRef::Uuid(Uuid::from_sql(kind, raw)?),
            Type::BYTEA => ValueRef::Bytes(raw),
            ref other => return Err(format!("the type {other} is not portable").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Fault> {
        Ok(Self::NULL)
    }

    // A column of another type is refused by what it is, above.
    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The type of a parameter in an unprepared statement.
pub(in crate::db) fn kind(value: &Value) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Bool(_) => Type::BOOL,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Uuid(_) => Type::UUID,
        Value::Time(_) => Type::TIMESTAMPTZ,
        Value::Bytes(_) => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Fault> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql_checked(kind, out),
            Self::Int(value) => match *kind {
                Type::INT2 => i16::try_from(*value)?.to_sql_checked(kind, out),
                Type::INT4 => i32::try_from(*value)?.to_sql_checked(kind, out),
                _ => value.to_sql_checked(kind, out),
            },
            Self::Text(value) => value.to_sql_checked(kind, out),
            Self::Uuid(value) => value.to_sql_checked(kind, out),
            Self::Time(value) => value.to_sql_checked(kind, out),
            Self::Bytes(value) => value.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
