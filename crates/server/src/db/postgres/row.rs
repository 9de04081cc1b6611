//! PostgreSQL's columns as values, by type. A type that SQLite lacks is a bug in the statement.

use bytes::BytesMut;
use tokio_postgres::Row as PgRow;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::sql::{DbError, Result};
use crate::sql::{Value, ValueRef};

/// One column.
pub(in crate::db) fn value(row: &PgRow, column: usize) -> Result<ValueRef<'_>> {
    let Some(about) = row.columns().get(column) else {
        return Err(DbError::Internal(format!("there is no column {column}")));
    };
    match *about.type_() {
        Type::BOOL => get(row, column, ValueRef::Bool),
        Type::INT2 => get(row, column, |number: i16| ValueRef::Int(number.into())),
        Type::INT4 => get(row, column, |number: i32| ValueRef::Int(number.into())),
        Type::INT8 => get(row, column, ValueRef::Int),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
            get(row, column, ValueRef::Text)
        }
        Type::UUID => get(row, column, ValueRef::Uuid),
        Type::TIMESTAMPTZ => get(row, column, ValueRef::Time),
        Type::BYTEA => get(row, column, ValueRef::Bytes),
        ref other => Err(DbError::Internal(format!(
            "column {column} has the type {other}, which is not portable"
        ))),
    }
}

fn get<'a, T: FromSql<'a>>(
    row: &'a PgRow,
    column: usize,
    wrap: fn(T) -> ValueRef<'a>,
) -> Result<ValueRef<'a>> {
    row.try_get::<_, Option<T>>(column)
        .map(|value| value.map_or(ValueRef::Null, wrap))
        .map_err(|error| DbError::Internal(error.to_string()))
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
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
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
