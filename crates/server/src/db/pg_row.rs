//! PostgreSQL's rows as [`Value`]s, by the type of each column. A type that SQLite does not have too
//! is a bug in the statement.

use time::OffsetDateTime;
use tokio_postgres::Row as PgRow;
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

use super::value::Value;
use super::{DbError, Result, Row};

/// The columns from `first` on.
pub(super) fn row(row: &PgRow, first: usize) -> Result<Row> {
    (first..row.len()).map(|column| value(row, column)).collect::<Result<_>>().map(Row)
}

fn value(row: &PgRow, column: usize) -> Result<Value> {
    match *row.columns()[column].type_() {
        Type::BOOL => get(row, column, Value::Bool),
        Type::INT2 => get(row, column, |number: i16| Value::Int(number.into())),
        Type::INT4 => get(row, column, |number: i32| Value::Int(number.into())),
        Type::INT8 => get(row, column, Value::Int),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR | Type::UNKNOWN => {
            get(row, column, Value::Text)
        }
        Type::UUID => get::<Uuid>(row, column, Value::Uuid),
        Type::TIMESTAMPTZ => get::<OffsetDateTime>(row, column, Value::Time),
        Type::BYTEA => get(row, column, Value::Bytes),
        ref other => Err(DbError::Internal(format!(
            "column {column} has the type {other}, which is not portable"
        ))),
    }
}

fn get<'a, T: FromSql<'a>>(row: &'a PgRow, column: usize, wrap: fn(T) -> Value) -> Result<Value> {
    row.try_get::<_, Option<T>>(column)
        .map(|value| value.map_or(Value::Null, wrap))
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
