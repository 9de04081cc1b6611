//! Translates responses into a dialect: members are appended to those of the contract, so most of a response
//! is copied. Nothing is parsed except where values start and end.

use axum::http::{HeaderMap, HeaderName, header};
use serde_json::Value;

use super::scan::{after_comma, items, member, members, value_end};
use crate::dialect::plan::tables::{From, Shape, ShownValues};
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
    let mut out = Vec::with_capacity(answer.len() * 2 + 256);
    let Some(Template { pieces, .. }) = wrap else {
        body(answer, shape, &mut out);
        return out;
    };
    // The total is known before the parts that contain it are written.
    let mut inner = Vec::with_capacity(answer.len() * 2);
    let count = if answer.is_empty() { 0 } else { body(answer, shape, &mut inner) };
    let mut page = page;
    if page.total.is_none() && page.offset == 0 && !page.has_more {
        page.total = Some(count);
    }
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text),
            Piece::Value(Placeholder::Items) if inner.is_empty() => out.extend_from_slice(b"null"),
            Piece::Value(Placeholder::Items) => out.extend_from_slice(&inner),
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

/// Writes a list or an object; returns the number of items.
fn body(answer: &[u8], shape: Option<&Shape>, out: &mut Vec<u8>) -> u64 {
    let Some(shape) = shape else {
        out.extend_from_slice(answer);
        return if answer.first() == Some(&b'[') { items(answer).count() as u64 } else { 1 };
    };
    let mut alike = Alike::default();
    if answer.first() != Some(&b'[') {
        object(answer, shape, &mut alike, out);
        return 1;
    }
    let (mut count, mut at) = (0, 1);
    out.push(b'[');
    while !matches!(answer.get(at), None | Some(b']')) {
        if count > 0 {
            out.push(b',');
        }
        at = after_comma(answer, at + object(&answer[at..], shape, &mut alike, out));
        count += 1;
    }
    out.push(b']');
    count
}

/// What objects of a page have in common, so that the second is scanned faster than the first.
#[derive(Debug, Default)]
struct Alike<'a> {
    /// The keys in order, each with its index among the wanted members.
    keys: Vec<(&'a [u8], Option<usize>)>,
    /// The values of those in the current object.
    found: Vec<Option<&'a [u8]>>,
}

/// Writes the object at the start of the text; returns its end.
#[allow(clippy::too_many_lines, reason = "one pass over an object's bytes")]
fn object<'a>(text: &'a [u8], shape: &Shape, alike: &mut Alike<'a>, out: &mut Vec<u8>) -> usize {
    if text.first() != Some(&b'{') {
        let end = value_end(text, 0);
        out.extend_from_slice(&text[..end]);
        return end;
    }
    let start = out.len();
    let Alike { keys, found } = alike;
    found.clear();
    found.resize(shape.wanted.len(), None);
    let copies = shape.replaced.is_empty() && shape.nested.is_empty();
    if !copies {
        out.push(b'{');
    }
    let mut walk = members(text);
    let mut number = 0;
    loop {
        let guess = keys.get(number).map_or(&b""[..], |(key, _)| key);
        let Some((key, value, is_guess)) = walk.next_like(guess) else { break };
        if !is_guess || number == keys.len() {
            let wanted = shape.wanted.iter().position(|name| name == key);
            keys.truncate(number);
            keys.push((key, wanted));
        }
        if let Some(at) = keys[number].1 {
            found[at] = Some(value);
        }
        number += 1;
        if copies {
            continue;
        }
        comma(out);
        out.push(b'"');
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        match (shape.nested.get(key), shape.replaced.get(key)) {
            (Some(inner), _) => {
                object(value, inner, &mut Alike::default(), out);
            }
            (None, Some(shown)) => out.extend_from_slice(look(shown, value)),
            (None, None) => out.extend_from_slice(value),
        }
    }
    let end = walk.end();
    if copies {
        out.extend_from_slice(&text[..end - 1]);
    }
    let metadata = shape.metadata.and_then(|at| found[at]).unwrap_or(b"{}");
    let has_kept = metadata.len() > 2 && metadata.first() == Some(&b'{');
    for extra in &shape.extras {
        if let From::Made(pieces) = &extra.from {
            let whole = pieces.iter().flat_map(|(text, at)| {
                [text.as_slice(), at.map_or(&b""[..], |at| found[at].unwrap_or(b"null"))]
            });
            add(&extra.key, &whole.collect::<Vec<_>>().concat(), out);
            continue;
        }
        let value = match &extra.from {
            From::Constant(text) => Some(text.as_slice()),
            From::Made(_) => None,
            From::Otherwise { at, text } => found[*at].is_none().then_some(text.as_slice()),
            From::Contains { at, item } => found[*at].map(|list| {
                if items(list).any(|one| one == item) { &b"true"[..] } else { &b"false"[..] }
            }),
            From::Member { when: Some(when), .. } if found[*when] != Some(b"true") => {
                Some(&b"null"[..])
            }
            From::Member { at, inner, show, kept, .. } => {
                let value = found[*at].and_then(|value| match inner {
                    Some(inner) => member(value, inner),
                    None => Some(value),
                });
                let sent = kept.as_ref().filter(|_| has_kept).and_then(|means| {
                    let sent = member(metadata, extra.name.as_bytes())?;
                    let word = serde_json::from_slice::<Value>(sent).ok()?;
                    let means = means.get(&word.as_str()?.to_lowercase())?;
                    (means.to_string().as_bytes() == value?).then_some(sent)
                });
                sent.or_else(|| value.map(|value| look(show, value)))
            }
        };
        if let Some(value) = value {
            add(&extra.key, value, out);
        }
    }
    if has_kept {
        for (key, value) in members(metadata) {
            let is_kept = std::str::from_utf8(key).is_ok_and(|key| shape.keep.contains(key));
            if is_kept || shape.keeps_all && !has_member(key, keys, shape) {
                comma(out);
                out.push(b'"');
                out.extend_from_slice(key);
                out.extend_from_slice(b"\":");
                out.extend_from_slice(value);
            }
        }
    }
    if !shape.whole.is_empty() {
        let mut whole = out[start..].to_vec();
        whole.push(b'}');
        for key in &shape.whole {
            add(key, &whole, out);
        }
    }
    out.push(b'}');
    end
}

/// Whether an object has this member, or shows it.
fn has_member(name: &[u8], keys: &[(&[u8], Option<usize>)], shape: &Shape) -> bool {
    keys.iter().any(|(key, _)| *key == name)
        || shape.extras.iter().any(|extra| extra.name.as_bytes() == name)
}

fn comma(out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
}

fn add(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let key = if out.last() == Some(&b'{') { &key[1..] } else { key };
    out.extend_from_slice(key);
    out.extend_from_slice(value);
}

/// What is shown for a value; otherwise the value itself.
fn look<'a>(shown: &'a ShownValues, value: &'a [u8]) -> &'a [u8] {
    if shown.is_empty() {
        return value;
    }
    let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    shown.iter().find(|(from, _)| from == bare).map_or(value, |(_, to)| to.as_slice())
}
