//! Lists in JSON whose rows are written while the database reads them, column by column, with the same bytes
//! that serde writes. Written by hand because a page of tasks has four hundred keys and values, and would
//! otherwise be read into structs, copied and searched for escapes first
//! (`docs/decisions/0030-a-page-of-tasks-is-written-without-serde.md`).

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::reply::json_bytes;
use super::translation::{RowTranslation, Translated};
use crate::db::{Columns, FromValue};
use crate::input::is_plain_ascii;
use crate::metadata::MetadataObject;
use crate::sql::{RawValue, Result};
use crate::timestamp::{self, Timestamp};

/// Most rows of a list are shorter.
const ROW: usize = 512;
/// The largest list to make room for before its rows are known.
const ROOM: usize = 12 << 10;

/// A list, written row by row, in the dialect of its request if it has one.
#[derive(Debug)]
pub struct JsonRows {
    text: Vec<u8>,
    count: usize,
    dialect: Option<Translated>,
    rows: Option<Box<dyn RowTranslation>>,
    /// Where the values of a row end.
    ends: Vec<usize>,
}

/// The extension of a response: its body is a list of this many rows, already in the request's dialect.
#[derive(Clone, Copy, Debug)]
pub struct TranslatedRows(pub u64);

/// A struct of columns that is shown as an object of the same names, declared by [`json_row!`].
pub trait JsonRow {
    /// The names of the members.
    const NAMES: &'static [&'static str];
    /// The columns to select, in SQL.
    const LISTED: &'static str;

    /// Which of the selected columns has this name.
    fn listed(name: &str) -> Option<usize>;

    /// Appends the row's members, each with a comma before it. `shared` is the JSON of the value that is the
    /// same in all rows.
    fn copy(row: &mut Columns<'_>, shared: &[u8], to: &mut JsonMembers<'_>) -> Result<()>;
}

/// A type whose JSON can be written directly from its column.
pub trait JsonColumn: FromValue {
    /// Appends what serde would write for the value of this column; `None` if the column has another type.
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()>;
}

/// Appends this text for SQL NULL, and what serde writes for any other value: for types that are mostly null.
pub fn copy_unless_null<T: FromValue + Serialize>(
    value: RawValue<'_>,
    null: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    if !value.is_null() {
        return serde_json::to_writer(out, &T::from_value(value.read()?)?).ok();
    }
    out.extend_from_slice(null);
    Some(())
}

/// The members of an object that is being written.
#[derive(Debug)]
pub struct JsonMembers<'a> {
    out: &'a mut Vec<u8>,
    ends: Option<&'a mut Vec<usize>>,
}

/// Implements [`JsonRow`] for a struct that `row!` declares. `[shared]` marks the field that is the same in
/// all rows: it is not selected, and neither are those in `skip`, which are not shown.
macro_rules! json_row {
    ($name:ident { $first:ident $(, $field:ident $([$shared:ident])?)+ } skip { $($skipped:ident),* }) => {
        impl $crate::http::JsonRow for $name {
            const NAMES: &'static [&'static str] = &[stringify!($first) $(, stringify!($field))+];
            const LISTED: &'static str = $crate::text!(
                stringify!($first) $(, json_row!(@listed $field $($shared)?))+
            );

            fn listed(name: &str) -> Option<usize> {
                let columns = [(stringify!($first), true)
                    $(, (stringify!($field), json_row!(@is_listed $($shared)?)))+];
                let mut listed = columns.into_iter().filter(|(_, is_listed)| *is_listed);
                listed.position(|(column, _)| column == name)
            }

            fn copy(
                row: &mut $crate::db::Columns<'_>,
                shared: &[u8],
                to: &mut $crate::http::JsonMembers<'_>,
            ) -> $crate::sql::Result<()> {
                // Names each field, so that the compiler finds a forgotten one.
                let _ = |this: Self| {
                    let Self { $first: _, $($field: _,)+ $($skipped: _),* } = this;
                };
                json_row!(@member $name row shared to $first);
                $(json_row!(@member $name row shared to $field $($shared)?);)+
                Ok(())
            }
        }
    };
    (@is_listed) => { true };
    (@is_listed shared) => { false };
    (@listed $field:ident) => { concat!(", ", stringify!($field)) };
    (@listed $field:ident shared) => { "" };
    (@member $name:ident $row:ident $shared:ident $to:ident $field:ident) => {
        $to.column(concat!(",\"", stringify!($field), "\":"), $row, |this: &$name| &this.$field)?;
    };
    (@member $name:ident $row:ident $shared:ident $to:ident $field:ident shared) => {
        $to.value(concat!(",\"", stringify!($field), "\":"), $shared);
    };
}
pub(crate) use json_row;

impl JsonRows {
    /// An empty list, with room for this many rows.
    pub fn new(rows: usize, dialect: Option<Translated>) -> Self {
        let mut text = Vec::with_capacity((rows * ROW).clamp(ROW, ROOM));
        text.push(b'[');
        Self { text, count: 0, dialect, rows: None, ends: Vec::new() }
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Its length so far, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Appends a row unless the list would become longer than this many bytes; returns whether it did.
    pub fn push<T: JsonRow>(
        &mut self,
        row: &mut Columns<'_>,
        shared: &[u8],
        most: usize,
    ) -> Result<bool> {
        if let Some(Translated(dialect)) = self.dialect.take() {
            self.rows = dialect.rows(T::NAMES);
        }
        let before = self.text.len();
        if self.count > 0 {
            self.text.push(b',');
        }
        let start = self.text.len();
        self.ends.clear();
        let ends = self.rows.is_some().then_some(&mut self.ends);
        T::copy(row, shared, &mut JsonMembers { out: &mut self.text, ends })?;
        self.text[start] = b'{';
        self.text.push(b'}');
        if let Some(dialect) = &mut self.rows {
            dialect.show(&mut self.text, start, &self.ends);
        }
        if self.text.len() >= most {
            self.text.truncate(before);
            return Ok(false);
        }
        self.count += 1;
        Ok(true)
    }
}

impl IntoResponse for JsonRows {
    fn into_response(mut self) -> Response {
        self.text.push(b']');
        let mut response = json_bytes(self.text);
        if self.rows.is_some() {
            response.extensions_mut().insert(TranslatedRows(self.count as u64));
        }
        response
    }
}

impl JsonMembers<'_> {
    /// Appends the next column as the field's type, after this text.
    #[inline]
    pub fn column<S, T: JsonColumn>(
        &mut self,
        key: &str,
        row: &mut Columns<'_>,
        _: fn(&S) -> &T,
    ) -> Result<()> {
        self.out.extend_from_slice(key.as_bytes());
        row.read_raw(|value| T::copy(value, self.out))?;
        self.ended();
        Ok(())
    }

    /// Appends a value, after this text.
    #[inline]
    pub fn value(&mut self, key: &str, value: &[u8]) {
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(value);
        self.ended();
    }

    #[inline]
    fn ended(&mut self) {
        if let Some(ends) = &mut self.ends {
            ends.push(self.out.len());
        }
    }
}

/// Whether a text is an id as it is stored and shown.
fn is_lower_case_id(text: &[u8]) -> bool {
    const SHAPE: &[u8; 36] = b"00000000-0000-0000-0000-000000000000";
    let Ok(bytes) = <&[u8; 36]>::try_from(text) else { return false };
    bytes.iter().zip(SHAPE).fold(true, |all, (byte, shape)| {
        let is_hex = |byte: &u8| byte.is_ascii_digit() | matches!(byte, b'a'..=b'f');
        all & ((byte == shape) | ((*shape == b'0') & is_hex(byte)))
    })
}

fn append_plain(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

impl JsonColumn for String {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        let RawValue::Text(text) = value else { return None };
        if !is_plain_ascii(text) {
            return serde_json::to_writer(out, std::str::from_utf8(text).ok()?).ok();
        }
        append_plain(text, out);
        Some(())
    }
}

impl JsonColumn for bool {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(if Self::from_value(value.read()?)? { b"true" } else { b"false" });
        Some(())
    }
}

impl JsonColumn for Uuid {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        if let RawValue::Text(text) = value
            && is_lower_case_id(text)
        {
            append_plain(text, out);
            return Some(());
        }
        let id = Self::from_value(value.read()?)?;
        append_plain(id.hyphenated().encode_lower(&mut Self::encode_buffer()).as_bytes(), out);
        Some(())
    }
}

impl JsonColumn for OffsetDateTime {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        let text = match value {
            RawValue::Text(text) => timestamp::shortened(text)?,
            RawValue::Micros(micros) => Timestamp::short_from_micros(micros)?,
            value @ RawValue::Read(_) => Timestamp::short(Self::from_value(value.read()?)?),
        };
        append_plain(text.as_bytes(), out);
        Some(())
    }
}

impl JsonColumn for MetadataObject {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        copy_unless_null::<Self>(value, b"{}", out)
    }
}

impl<T: JsonColumn> JsonColumn for Option<T> {
    fn copy(value: RawValue<'_>, out: &mut Vec<u8>) -> Option<()> {
        if !value.is_null() {
            return T::copy(value, out);
        }
        out.extend_from_slice(b"null");
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::ValueRef;

    proptest::proptest! {
        #[test]
        fn a_text_is_what_serde_writes(text in "\\PC{0,9}[\\x00-\\x7f]{0,3}\\PC{0,70}") {
            let mut out = Vec::new();
            String::copy(RawValue::Text(text.as_bytes()), &mut out).unwrap();
            proptest::prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn a_column_of_another_type_is_refused() {
        let mut out = Vec::new();
        let int = RawValue::Read(ValueRef::Int(1));
        assert_eq!(Option::<String>::copy(int, &mut out), None);
        assert_eq!(Uuid::copy(int, &mut out), None);
        assert_eq!(OffsetDateTime::copy(int, &mut out), None);
        assert_eq!(OffsetDateTime::copy(RawValue::Micros(i64::MAX), &mut out), None);
        for text in [&b"2026"[..], b"\xff", b""] {
            assert_eq!(Uuid::copy(RawValue::Text(text), &mut out), None);
            assert_eq!(OffsetDateTime::copy(RawValue::Text(text), &mut out), None);
        }
        assert_eq!(String::copy(RawValue::Text(b"a\xff"), &mut out), None);
        assert!(out.is_empty());
    }

    #[test]
    fn an_id_is_shown_in_lower_case_however_it_is_stored() {
        let shown = "01a22b80-f3dd-75e0-8abc-def012345678";
        let every = [shown.to_owned(), shown.to_uppercase(), shown.replace('-', "")];
        for stored in every {
            let mut out = Vec::new();
            Uuid::copy(RawValue::Text(stored.as_bytes()), &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("\"{shown}\""));
        }
        for wrong in
            ["g1a22b80-f3dd-75e0-8abc-def012345678", "01a22b80-f3dd-75e0-8abc-def01234567-"]
        {
            assert_eq!(Uuid::copy(RawValue::Text(wrong.as_bytes()), &mut Vec::new()), None);
        }
    }
}
