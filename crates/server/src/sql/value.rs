//! Values in parameters and rows, and their form on each engine. PostgreSQL uses its native types; SQLite
//! stores ids and instants as fixed-width text, which is readable in a SQL shell and sortable.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::timestamp::from_micros;

/// One bound parameter or one column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// `BOOLEAN`; 0 or 1 in SQLite.
    Bool(bool),
    /// Any integer type.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `UUID`; hyphenated lower-case text in SQLite.
    Uuid(Uuid),
    /// `TIMESTAMPTZ`; `2026-11-20T16:21:24.000000Z` in SQLite.
    Time(OffsetDateTime),
    /// `BYTEA` or `BLOB`.
    Bytes(Vec<u8>),
}

/// A value borrowed from a driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// `BOOLEAN` of PostgreSQL.
    Bool(bool),
    /// Any integer type, and `BOOLEAN` of SQLite.
    Int(i64),
    /// `TEXT`; also ids and instants of SQLite.
    Text(&'a str),
    /// `UUID` of PostgreSQL.
    Uuid(Uuid),
    /// `TIMESTAMPTZ` of PostgreSQL.
    Time(OffsetDateTime),
    /// `BYTEA` or `BLOB`.
    Bytes(&'a [u8]),
}

/// The same as the driver has it: most texts are copied into an answer without being read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawValue<'a> {
    /// As it is.
    Read(ValueRef<'a>),
    /// `TEXT`, which should be UTF-8.
    Text(&'a [u8]),
    /// `TIMESTAMPTZ` of PostgreSQL, in microseconds since 1970.
    Micros(i64),
}

impl<'a> RawValue<'a> {
    /// SQL NULL.
    pub const NULL: Self = Self::Read(ValueRef::Null);

    /// Whether it is SQL NULL.
    pub fn is_null(self) -> bool {
        matches!(self, Self::NULL)
    }

    /// Reads it; `None` if a text is not UTF-8 or `time` cannot represent an instant.
    #[inline]
    pub fn read(self) -> Option<ValueRef<'a>> {
        match self {
            Self::Read(value) => Some(value),
            Self::Text(bytes) => std::str::from_utf8(bytes).ok().map(ValueRef::Text),
            Self::Micros(micros) => from_micros(micros).map(ValueRef::Time),
        }
    }
}

impl Value {
    /// The same value, borrowed.
    pub fn as_raw(&self) -> RawValue<'_> {
        RawValue::Read(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Bool(*value),
            Self::Int(value) => ValueRef::Int(*value),
            Self::Text(text) => return RawValue::Text(text.as_bytes()),
            Self::Uuid(id) => ValueRef::Uuid(*id),
            Self::Time(at) => ValueRef::Time(*at),
            Self::Bytes(bytes) => ValueRef::Bytes(bytes),
        })
    }
}

#[cfg(test)]
impl Value {
    /// As SQLite returns it.
    pub(crate) fn stored_in_sqlite(self) -> Self {
        match self {
            Self::Bool(value) => Self::Int(value.into()),
            Self::Uuid(id) => Self::Text(id.to_string()),
            Self::Time(at) => Self::Text(crate::timestamp::Timestamp::fixed(at).as_str().into()),
            other => other,
        }
    }
}

impl ValueRef<'_> {
    /// The same value, owned.
    pub fn to_owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Uuid(id) => Value::Uuid(id),
            Self::Time(at) => Value::Time(at),
            Self::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        }
    }
}

macro_rules! from {
    ($($kind:ty => $variant:ident),*) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
from!(bool => Bool, i64 => Int, i32 => Int, i16 => Int, u32 => Int, String => Text, &str => Text, &String => Text, Uuid => Uuid,
      OffsetDateTime => Time, Vec<u8> => Bytes, &[u8] => Bytes);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
