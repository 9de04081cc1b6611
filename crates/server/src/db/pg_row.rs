//! PostgreSQL's columns as values, by the type of each. A type that SQLite does not have too
//! is a bug in the statement.

use tokio_postgres::Row as PgRow;
use tokio_postgres::types::{FromSql, Type};

use super::value::{Value, ValueRef};
use super::{DbError, Result};

/// One column.
pub(super) fn value(row: &PgRow, column: usize) -> Result<ValueRef<'_>> {
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

/// The type a parameter is declared with where no statement is prepared beforehand.
pub(super) fn kind(value: &Value) -> Type {
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
