//! A row of either engine, decoded column by column directly from the driver's row. One decoder serves both:
//! SQLite's texts and integers become ids, instants and booleans only here.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::sql::{DbError, Result};
use crate::sql::{RawValue, Value, ValueRef};
use crate::timestamp::parse_fixed;

/// The columns of a driver's row, read in order.
#[derive(Clone, Debug)]
pub struct Columns<'a> {
    source: Source<'a>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    Values(&'a [Value]),
    /// The columns from the given one on.
    Postgres(&'a tokio_postgres::Row, usize),
    Sqlite(&'a rusqlite::Row<'a>),
}

impl<'a> Columns<'a> {
    pub(super) fn of(source: Source<'a>) -> Self {
        Self { source, next: 0 }
    }

    /// Reads the next column.
    pub fn read<T: FromValue>(&mut self) -> Result<T> {
        self.read_raw(|value| T::from_value(value.read()?))
    }

    /// Reads the next column in this way, which returns `None` if the column has another type.
    #[inline]
    pub fn read_raw<T>(&mut self, read: impl FnOnce(RawValue<'a>) -> Option<T>) -> Result<T> {
        let index = self.next;
        self.next += 1;
        read(self.value(index)?).ok_or_else(|| {
            DbError::Internal(format!("column {index} is not a {}", std::any::type_name::<T>()))
        })
    }

    /// The columns after this many more.
    #[must_use]
    pub fn after(&self, columns: usize) -> Self {
        Self { source: self.source, next: self.next + columns }
    }

    /// Whether the next column is null.
    pub fn is_null(&self) -> Result<bool> {
        Ok(self.value(self.next)?.is_null())
    }

    fn len(&self) -> usize {
        match self.source {
            Source::Values(values) => values.len(),
            Source::Postgres(row, first) => row.len() - first,
            Source::Sqlite(row) => row.as_ref().column_count(),
        }
    }

    fn value(&self, index: usize) -> Result<RawValue<'a>> {
        match self.source {
            Source::Values(values) => values
                .get(index)
                .map(Value::as_raw)
                .ok_or_else(|| DbError::Internal(format!("there is no column {index}"))),
            Source::Postgres(row, first) => super::postgres::row::value(row, first + index),
            Source::Sqlite(row) => super::sqlite::row::value(row, index),
        }
    }
}

/// A row independent of its driver.
#[derive(Debug)]
pub struct Row(Vec<Value>);

impl Row {
    /// Reads all of it.
    pub fn read<T: FromRow>(&self) -> Result<T> {
        T::from_row(&mut self.columns())
    }

    /// Its columns.
    pub(crate) fn columns(&self) -> Columns<'_> {
        Columns::of(Source::Values(&self.0))
    }

    /// A row of these columns.
    #[cfg(test)]
    pub(crate) fn of(columns: Vec<Value>) -> Self {
        Self(columns)
    }

    /// The row with a column before the others.
    #[cfg(test)]
    pub(crate) fn after(mut self, first: Value) -> Self {
        self.0.insert(0, first);
        self
    }
}

/// A type that is read from a row.
pub trait FromRow: Sized + Send + 'static {
    /// Reads the columns in the order of the statement.
    fn from_row(row: &mut Columns<'_>) -> Result<Self>;
}

/// Takes the rows of a statement while they are read.
pub trait RowSink: Send + 'static {
    /// Takes the next row.
    fn take(&mut self, row: &mut Columns<'_>) -> Result<()>;
}

impl<T: FromRow> RowSink for Vec<T> {
    fn take(&mut self, row: &mut Columns<'_>) -> Result<()> {
        self.push(T::from_row(row)?);
        Ok(())
    }
}

/// A type that is read from one column.
pub trait FromValue: Sized {
    /// Reads the value; `None` if it has another type.
    fn from_value(value: ValueRef<'_>) -> Option<Self>;
}

impl FromRow for Row {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        let own = |value: RawValue<'_>| value.read().map(ValueRef::to_owned);
        (0..row.len()).map(|_| row.read_raw(own)).collect::<Result<_>>().map(Row)
    }
}

impl FromRow for () {
    fn from_row(_: &mut Columns<'_>) -> Result<Self> {
        Ok(())
    }
}

/// `None` if the first column is null: a left join found no match.
impl<T: FromRow> FromRow for Option<T> {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        if row.is_null()? { Ok(None) } else { T::from_row(row).map(Some) }
    }
}

macro_rules! single_column {
    ($($kind:ty),*) => {$(
        impl FromRow for $kind {
            fn from_row(row: &mut Columns<'_>) -> Result<Self> {
                row.read()
            }
        }
    )*};
}
single_column!(i64, String, Uuid, bool, Vec<String>);

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Bool(value) => Some(value),
            ValueRef::Int(value) => Some(value != 0),
            _ => None,
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Int(value) => Some(value),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Text(value) => Some(value.to_owned()),
            _ => None,
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Uuid(value) => Some(value),
            ValueRef::Text(text) => Uuid::try_parse(text).ok(),
            _ => None,
        }
    }
}

impl FromValue for OffsetDateTime {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Time(value) => Some(value),
            ValueRef::Text(text) => parse_fixed(text),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Bytes(value) => Some(value.to_vec()),
            _ => None,
        }
    }
}

/// Names that a statement aggregates into one column, `admin,user`; null if there are none.
impl FromValue for Vec<String> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(Self::new()),
            ValueRef::Text(names) => Some(names.split(',').map(Into::into).collect()),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
