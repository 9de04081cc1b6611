//! Translates a list or an object into a dialect: members are appended to those of the contract, so most of
//! it is copied. Nothing is parsed except where values start and end.

use std::ops::Range;

use serde_json::Value;

use super::scan::{after_comma, items, member, members, value_end};
use crate::dialect::plan::tables::{Extra, From, Shape, ShownValues};

/// Writes a list or an object; returns the number of items.
pub(super) fn body(answer: &[u8], shape: Option<&Shape>, out: &mut Vec<u8>) -> u64 {
    let Some(shape) = shape else {
        out.extend_from_slice(answer);
        return if answer.first() == Some(&b'[') { items(answer).count() as u64 } else { 1 };
    };
    let mut seen = Seen::new();
    if answer.first() != Some(&b'[') {
        object(answer, shape, &mut seen, out);
        return 1;
    }
    let (mut count, mut at) = (0, 1);
    out.push(b'[');
    while !matches!(answer.get(at), None | Some(b']')) {
        if count > 0 {
            out.push(b',');
        }
        at = after_comma(answer, at + object(&answer[at..], shape, &mut seen, out));
        count += 1;
    }
    out.push(b']');
    count
}

/// Writes the object at the start of the text; returns its end.
fn object<'a>(text: &'a [u8], shape: &Shape, seen: &mut Seen<'a>, out: &mut Vec<u8>) -> usize {
    if text.first() != Some(&b'{') {
        let end = value_end(text, 0);
        out.extend_from_slice(&text[..end]);
        return end;
    }
    let end = seen.scan(text, shape);
    write(&text[..end], shape, seen, out);
    end
}

/// Most objects have fewer members.
const MEMBERS: usize = 16;

/// Where the members of an object are. Those of the next one in a list probably have the same keys.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) keys: Vec<&'a [u8]>,
    pub(super) values: Vec<Range<usize>>,
    /// Which of them the shape wants.
    pub(super) wanted: Vec<Option<usize>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new() -> Self {
        let (keys, values) = (Vec::with_capacity(MEMBERS), Vec::with_capacity(MEMBERS));
        Self { keys, values, wanted: Vec::new() }
    }

    /// Finds the members of the object at the start of the text; returns its end.
    fn scan(&mut self, text: &'a [u8], shape: &Shape) -> usize {
        let mut walk = members(text);
        let mut differs = self.values.is_empty();
        self.values.clear();
        loop {
            let number = self.values.len();
            let guess = self.keys.get(number).copied().unwrap_or_default();
            let Some((key, value, is_guess)) = walk.next_like(guess) else { break };
            if !is_guess || number == self.keys.len() {
                self.keys.truncate(number);
                self.keys.push(key);
                differs = true;
            }
            self.values.push(value);
        }
        differs |= self.keys.len() > self.values.len();
        self.keys.truncate(self.values.len());
        if differs {
            self.find_wanted(shape);
        }
        walk.end()
    }

    pub(super) fn find_wanted(&mut self, shape: &Shape) {
        let place = |name: &Vec<u8>| self.keys.iter().position(|key| key == name);
        self.wanted = shape.wanted.iter().map(place).collect();
    }

    /// The value of a wanted member in this object.
    pub(super) fn value<'t>(&self, text: &'t [u8], wanted: usize) -> Option<&'t [u8]> {
        let at = (*self.wanted.get(wanted)?)?;
        text.get(self.values.get(at)?.clone())
    }
}

/// Writes an object with these members.
pub(super) fn write(text: &[u8], shape: &Shape, seen: &Seen<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    if shape.replaced.is_empty() && shape.nested.is_empty() {
        out.extend_from_slice(&text[..text.len() - 1]);
    } else {
        out.push(b'{');
        for (key, value) in seen.keys.iter().zip(&seen.values) {
            let value = &text[value.clone()];
            member_start(key, out);
            match (shape.nested.get(*key), shape.replaced.get(*key)) {
                (Some(inner), _) => {
                    object(value, inner, &mut Seen::new(), out);
                }
                (None, Some(shown)) => out.extend_from_slice(look(shown, value)),
                (None, None) => out.extend_from_slice(value),
            }
        }
    }
    add_members(text, shape, seen, out);
    if !shape.whole.is_empty() {
        let mut whole = out[start..].to_vec();
        whole.push(b'}');
        for key in &shape.whole {
            add(key, &whole, out);
        }
    }
    out.push(b'}');
}

/// Writes what the dialect adds to an object.
fn add_members(text: &[u8], shape: &Shape, seen: &Seen<'_>, out: &mut Vec<u8>) {
    let metadata = shape.metadata.and_then(|at| seen.value(text, at)).unwrap_or(b"{}");
    let kept = Some(metadata).filter(|text| text.len() > 2 && text.first() == Some(&b'{'));
    for extra in &shape.extras {
        add_extra(extra, &|at| seen.value(text, at), kept, out);
    }
    for (key, value) in kept.into_iter().flat_map(members) {
        let is_kept = std::str::from_utf8(key).is_ok_and(|key| shape.keep.contains(key));
        if is_kept || shape.keeps_all && !has_member(key, &seen.keys, shape) {
            member_start(key, out);
            out.extend_from_slice(value);
        }
    }
}

/// Writes an additional member, if it has a value. `kept` is the metadata, unless it is empty.
fn add_extra<'t>(
    extra: &Extra,
    found: &impl Fn(usize) -> Option<&'t [u8]>,
    kept: Option<&[u8]>,
    out: &mut Vec<u8>,
) {
    let value = match &extra.from {
        From::Made(pieces) => {
            let whole = pieces.iter().flat_map(|(text, at)| {
                [text.as_slice(), at.map_or(&b""[..], |at| found(at).unwrap_or(b"null"))]
            });
            return add(&extra.key, &whole.collect::<Vec<_>>().concat(), out);
        }
        From::Constant(text) => Some(text.as_slice()),
        From::Otherwise { at, text } => found(*at).is_none().then_some(text.as_slice()),
        From::Contains { at, item } => found(*at).map(|list| {
            if items(list).any(|one| one == item) { &b"true"[..] } else { &b"false"[..] }
        }),
        From::Member { when: Some(when), .. } if found(*when) != Some(b"true") => {
            Some(&b"null"[..])
        }
        From::Member { at, inner, show, kept: means, .. } => {
            let value = found(*at).and_then(|value| match inner {
                Some(inner) => member(value, inner),
                None => Some(value),
            });
            let sent = means.as_ref().zip(kept).and_then(|(means, kept)| {
                let sent = member(kept, extra.name.as_bytes())?;
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

/// Whether an object has this member, or shows it.
fn has_member(name: &[u8], keys: &[&[u8]], shape: &Shape) -> bool {
    keys.contains(&name) || shape.extras.iter().any(|extra| extra.name.as_bytes() == name)
}

fn member_start(key: &[u8], out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
}

fn add(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let key = if out.last() == Some(&b'{') { &key[1..] } else { key };
    out.extend_from_slice(key);
    out.extend_from_slice(value);
}

/// What is shown for a value; otherwise the value itself.
fn look<'a>(shown: &'a ShownValues, value: &'a [u8]) -> &'a [u8] {
    stands_for(shown, value).unwrap_or(value)
}

/// What is shown for a value, if it is something else.
pub(super) fn stands_for<'a>(shown: &'a ShownValues, value: &[u8]) -> Option<&'a [u8]> {
    if shown.is_empty() {
        return None;
    }
    let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
    shown.iter().find(|(from, _)| from == bare).map(|(_, to)| to.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::plan::builtin::read;
    use crate::dialect::plan::shapes::Shapes;

    #[test]
    fn objects_of_a_list_may_have_different_members() {
        let shape = Shapes::of(&read("todo").unwrap()).shape("task").unwrap();
        let mut out = Vec::new();
        let list = br#"[{},{"completed":true},{"id":1,"completed":false},{"id":2}]"#;
        assert_eq!(body(list, Some(&shape), &mut out), 4);
        let list: Vec<Value> = serde_json::from_slice(&out).unwrap();
        let shown: Vec<_> = list.iter().map(|one| one.get("is_completed")).collect();
        assert_eq!(shown, [None, Some(&true.into()), Some(&false.into()), None]);
    }
}
