//! A row of either engine, decoded by column position. One decoder serves both: SQLite's text and
//! integers become ids, instants and booleans here and nowhere else.

use time::OffsetDateTime;
use uuid::Uuid;

use super::value::Value;
use super::{DbError, Result};
use crate::timestamp::parse_fixed;

/// The columns of one row, taken once each.
#[derive(Debug)]
pub struct Row(pub(super) Vec<Value>);

/// A type read from a row.
pub trait FromRow: Sized {
    /// Reads the columns by position, in the order the statement names them.
    fn from_row(row: &mut Row) -> Result<Self>;
}

/// A type read from one column.
pub trait FromValue: Sized {
    /// Reads the value, or `None` if it has another type.
    fn from_value(value: Value) -> Option<Self>;
}

impl Row {
    /// Takes column `index`; a second take of the same column reads NULL.
    pub fn get<T: FromValue>(&mut self, index: usize) -> Result<T> {
        let value = self.0.get_mut(index).map(|value| std::mem::replace(value, Value::Null));
        value.and_then(T::from_value).ok_or_else(|| {
            DbError::Internal(format!("column {index} is not a {}", std::any::type_name::<T>()))
        })
    }
}

impl FromRow for Row {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Row(std::mem::take(&mut row.0)))
    }
}

impl FromRow for () {
    fn from_row(_: &mut Row) -> Result<Self> {
        Ok(())
    }
}

macro_rules! single_column {
    ($($kind:ty),*) => {$(
        impl FromRow for $kind {
            fn from_row(row: &mut Row) -> Result<Self> {
                row.get(0)
            }
        }
    )*};
}
single_column!(i64, String, Uuid, bool);

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(value),
            Value::Int(value) => Some(value != 0),
            _ => None,
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Uuid(value) => Some(value),
            Value::Text(text) => Uuid::try_parse(&text).ok(),
            _ => None,
        }
    }
}

impl FromValue for OffsetDateTime {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Time(value) => Some(value),
            Value::Text(text) => parse_fixed(&text),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(value) => Some(value),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
