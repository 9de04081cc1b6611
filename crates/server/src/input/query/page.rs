//! Pages of administrative lists: `limit` and an opaque `cursor`, the instant and id of the last row, so that
//! the cost of a page does not grow with its number. A cursor grants nothing: every page checks the
//! permission again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use utoipa::IntoParams;
use utoipa::openapi::path::{self, ParameterIn};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use uuid::Uuid;

use super::{Parameter, Parameters, described_parameter};
use crate::input::{Field, Fields, Refusal};

/// Maximum JSON size of a page, whatever its limit: a larger one would occupy memory until its client has
/// read it.
pub const PAGE_BYTES: usize = 1 << 20;

/// The last row of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its instant.
    pub at: OffsetDateTime,
    /// Its id.
    pub id: Uuid,
}

/// The requested page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<C = Cursor> {
    /// Where it starts; at the beginning if absent.
    pub after: Option<C>,
    /// Maximum number of rows.
    pub limit: i64,
}

impl<C> Default for Page<C> {
    fn default() -> Self {
        Self { after: None, limit: 100 }
    }
}

impl<C: Parameter> Parameters for Page<C> {
    fn read(fields: &mut Fields) -> Self {
        let limit = fields.parameter("limit").map_or(100, |Limit(limit)| limit);
        Self { after: fields.parameter("cursor"), limit }
    }
}

impl<C: Parameter> IntoParams for Page<C> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<path::Parameter> {
        let limit = "Maximum number of entries in a page, 100 by default";
        let cursor = "The cursor from the `Link` header of the previous page";
        vec![
            described_parameter::<Limit>("limit", limit),
            described_parameter::<C>("cursor", cursor),
        ]
    }
}

impl<C> Page<C> {
    /// Truncates rows that were read with `limit + 1` to the page, and to [`PAGE_BYTES`], with this size per
    /// row; returns the cursor of the next page.
    pub fn cut_by_bytes<T>(
        &self,
        rows: &mut Vec<T>,
        bytes: impl Fn(&T) -> usize,
        place: impl Fn(&T) -> C,
    ) -> Option<C> {
        let mut sum = 0;
        let fitting = rows.iter().take_while(|row| {
            sum += bytes(row);
            sum <= PAGE_BYTES
        });
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX).min(fitting.count().max(1));
        let more = rows.len() > limit;
        rows.truncate(limit);
        rows.last().filter(|_| more).map(place)
    }
}

/// The size of a row in a page, including the comma.
pub fn json_bytes(row: &impl serde::Serialize) -> usize {
    serde_json::to_vec(row).map_or(PAGE_BYTES, |json| json.len() + 1)
}

impl Cursor {
    /// The text that a client sends for the next page.
    pub fn encode(&self) -> String {
        let micros = self.at.unix_timestamp_nanos() / 1000;
        let bytes = [&micros.to_be_bytes()[..], self.id.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (micros, id) = bytes.split_first_chunk::<16>()?;
        let nanos = i128::from_be_bytes(*micros).checked_mul(1000)?;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        let years = 1..=9999;
        let id = Uuid::from_slice(id).ok()?;
        years.contains(&at.year()).then_some(Self { at, id })
    }
}

impl Parameter for Cursor {
    fn from_text(text: String) -> Result<Self, Refusal> {
        Self::decode(&text).ok_or_else(|| ("was not issued by this list".into(), "value_error"))
    }

    fn schema() -> RefOr<Schema> {
        <String as Field>::schema()
    }
}

struct Limit(i64);

impl Parameter for Limit {
    fn from_text(text: String) -> Result<Self, Refusal> {
        let limit = text.parse().ok().filter(|limit| (1..=1000).contains(limit));
        limit.map(Self).ok_or_else(|| ("must be a number from 1 to 1000".into(), "int_parsing"))
    }

    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(1))
            .maximum(Some(1000))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_refused() {
        let cursor =
            Cursor { at: datetime!(2026-11-20 12:00:00.123456 UTC), id: Uuid::from_u128(7) };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        for text in ["", "x", "!!", &"A".repeat(22), &"_".repeat(43), &"A".repeat(44)] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }

    #[test]
    fn a_page_is_cut_and_says_where_the_next_begins() {
        let place =
            |id: &u128| Cursor { at: datetime!(2026-01-01 0:00 UTC), id: Uuid::from_u128(*id) };
        let page = Page { after: None, limit: 2 };
        let mut rows = vec![1, 2, 3];
        assert_eq!(page.cut_by_bytes(&mut rows, json_bytes, place), Some(place(&2)));
        assert_eq!(rows, [1, 2]);
        assert_eq!(page.cut_by_bytes(&mut vec![1, 2], json_bytes, place), None);
    }

    #[test]
    fn a_page_that_would_be_too_large_is_cut_before_its_limit_but_has_a_row() {
        let place =
            |id: &u128| Cursor { at: datetime!(2026-01-01 0:00 UTC), id: Uuid::from_u128(*id) };
        let page = Page { after: None, limit: 5 };
        for (bytes, kept) in [(PAGE_BYTES / 2, 2), (PAGE_BYTES / 2 + 1, 1), (2 * PAGE_BYTES, 1)] {
            let mut rows = vec![1, 2, 3];
            let next = page.cut_by_bytes(&mut rows, |_| bytes, place);
            assert_eq!((rows.len(), next), (kept, Some(place(&(kept as u128)))));
        }
        assert_eq!(page.cut_by_bytes(&mut vec![1], |_| 2 * PAGE_BYTES, place), None);
    }
}
