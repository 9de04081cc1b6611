//! Translates responses into a dialect: the envelope, and what is in it.

use axum::http::{HeaderMap, HeaderName, header};

use super::members::body;
use crate::dialect::plan::tables::Shape;
use crate::dialect::plan::template::{Piece, Placeholder, Template};

const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// The list that a page belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::dialect) struct PageOf {
    pub(in crate::dialect) limit: u64,
    pub(in crate::dialect) offset: u64,
    pub(in crate::dialect) total: Option<u64>,
    pub(in crate::dialect) has_more: bool,
}

/// A list, or otherwise a single object.
pub(in crate::dialect) fn show(
    answer: &[u8],
    shape: Option<&Shape>,
    wrap: Option<&Template>,
    page: PageOf,
) -> Vec<u8> {
    let mut inner = Vec::with_capacity(answer.len() * 2 + 256);
    let Some(wrap) = wrap else {
        body(answer, shape, &mut inner);
        return inner;
    };
    // The total is known before the parts that contain it are written.
    let count = if answer.is_empty() { 0 } else { body(answer, shape, &mut inner) };
    wrapped(&inner, count, wrap, page)
}

/// An envelope around this many items.
pub(super) fn wrapped(inner: &[u8], count: u64, wrap: &Template, page: PageOf) -> Vec<u8> {
    let mut page = page;
    if page.total.is_none() && page.offset == 0 && !page.has_more {
        page.total = Some(count);
    }
    let mut out = Vec::with_capacity(inner.len() + 256);
    for piece in &wrap.pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text),
            Piece::Value(Placeholder::Items) if inner.is_empty() => out.extend_from_slice(b"null"),
            Piece::Value(Placeholder::Items) => out.extend_from_slice(inner),
            Piece::Value(place) => out.extend_from_slice(page.text(*place, count).as_bytes()),
        }
    }
    out
}

impl PageOf {
    /// The same, with the values in the response's headers.
    pub(super) fn of(self, headers: &HeaderMap) -> Self {
        let total = headers.get(TOTAL_COUNT).and_then(|value| value.to_str().ok()?.parse().ok());
        Self { total, has_more: headers.contains_key(header::LINK), ..self }
    }

    fn text(self, place: Placeholder, count: u64) -> String {
        let limit = self.limit.max(1);
        let or_null = |number: Option<u64>| number.map_or("null".to_owned(), |n| n.to_string());
        match place {
            Placeholder::Items => String::new(),
            Placeholder::Total => or_null(self.total),
            Placeholder::Limit => self.limit.to_string(),
            Placeholder::Offset => self.offset.to_string(),
            Placeholder::Page => (self.offset / limit + 1).to_string(),
            Placeholder::Pages => or_null(self.total.map(|total| total.div_ceil(limit))),
            Placeholder::HasMore => match self.total {
                Some(total) => (self.offset + count < total).to_string(),
                None => self.has_more.to_string(),
            },
        }
    }
}
