//! Translates the rows of a list while they are written, when it is known where their values are, so that the
//! list need not be searched for them.

use std::sync::Arc;

use super::members::{Seen, stands_for, write};
use crate::dialect::plan::tables::{From, Shape};
use crate::http::RowTranslation;

/// The rows of a list in a dialect.
#[derive(Debug)]
pub(in crate::dialect) struct DialectRows {
    shape: Arc<Shape>,
    seen: Seen<'static>,
    /// Extras that are another member's value or stand for it, unless the metadata has one; `None` if the
    /// shape does more than that.
    simple: Option<Vec<Simple>>,
    written: Vec<u8>,
}

/// An extra that depends on one member.
#[derive(Debug)]
struct Simple {
    extra: usize,
    /// Which member.
    at: usize,
}

impl DialectRows {
    /// Rows with these members, in this shape.
    pub(in crate::dialect) fn new(shape: &Arc<Shape>, names: &'static [&'static str]) -> Self {
        let mut seen = Seen::new();
        seen.keys.extend(names.iter().map(|name| name.as_bytes()));
        seen.find_wanted(shape);
        let simple = shape.extras.iter().enumerate().map(|(extra, one)| match &one.from {
            From::Member { at, inner: None, when: None, .. } => {
                Some(Simple { extra, at: (*seen.wanted.get(*at)?)? })
            }
            _ => None,
        });
        let simple = simple.collect::<Option<Vec<_>>>().filter(|_| shape.only_adds());
        Self { shape: Arc::clone(shape), seen, simple, written: Vec::new() }
    }
}

/// What is before a value besides its name: a brace or comma, quotes, a colon.
const BETWEEN: usize = ",\"\":".len();

impl RowTranslation for DialectRows {
    fn show(&mut self, text: &mut Vec<u8>, start: usize, ends: &[usize]) {
        let Self { shape, seen, simple, written } = self;
        let mut at = 0;
        seen.values.clear();
        seen.values.extend(seen.keys.iter().zip(ends).map(|(key, end)| {
            let begin = at + key.len() + BETWEEN;
            at = end - start;
            begin..at
        }));
        let metadata = shape.metadata.and_then(|at| seen.value(&text[start..], at));
        let has_kept = metadata.is_some_and(|metadata| metadata != b"{}");
        if let Some(simple) = simple.as_ref().filter(|_| !has_kept) {
            text.pop();
            for Simple { extra, at } in simple {
                let extra = &shape.extras[*extra];
                let value = start + seen.values[*at].start..start + seen.values[*at].end;
                text.extend_from_slice(&extra.key);
                let From::Member { show, .. } = &extra.from else { continue };
                match stands_for(show, &text[value.clone()]) {
                    Some(shown) => text.extend_from_slice(shown),
                    None => text.extend_from_within(value),
                }
            }
            text.push(b'}');
            return;
        }
        written.clear();
        write(&text[start..], shape, seen, written);
        text.truncate(start);
        text.extend_from_slice(written);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::members::body;
    use super::super::scan::{items, members};
    use super::*;
    use crate::dialect::plan::builtin::{NAMES, read};
    use crate::dialect::plan::shapes::Shapes;

    static TASKS: &str = r#"[{"id":"1","title":"a \"b\", {c","completed":true,"priority":"low","due_at":null,"tags":["x","}"],"metadata":{"category":"home","status":"done","d":{"e":1}}},{"id":"2","title":"","completed":false,"priority":"none","due_at":"2026-01-01T00:00:00Z","tags":[],"metadata":{}}]"#;

    /// The list above as whoever writes it has it translated, row by row.
    fn while_written(shape: &Arc<Shape>) -> Vec<u8> {
        let names = &["id", "title", "completed", "priority", "due_at", "tags", "metadata"];
        let mut rows = DialectRows::new(shape, names);
        let mut text = vec![b'['];
        for (number, row) in items(TASKS.as_bytes()).enumerate() {
            if number > 0 {
                text.push(b',');
            }
            let start = text.len();
            let mut walk = members(row);
            let ends = std::iter::from_fn(|| walk.next_like(b"").map(|(_, value, _)| value.end));
            let ends: Vec<usize> = ends.map(|end| start + end).collect();
            text.extend_from_slice(row);
            rows.show(&mut text, start, &ends);
        }
        text.push(b']');
        text
    }

    #[test]
    fn a_list_is_translated_alike_while_it_is_written_and_afterwards() {
        let mut shapes = vec![Shape::default()];
        for name in NAMES {
            shapes.extend(Shapes::of(&read(name).unwrap()).shape("task").as_deref().cloned());
        }
        assert!(shapes.len() > 1);
        let shown = (b"low".to_vec(), b"1".to_vec());
        shapes.extend(shapes.clone().into_iter().map(|mut shape| {
            shape.replaced.insert(b"priority".into(), vec![shown.clone()]);
            shape.whole.push(b",\"task\":".into());
            shape.keeps_all = true;
            shape
        }));
        for shape in shapes {
            let mut out = Vec::new();
            assert_eq!(body(TASKS.as_bytes(), Some(&shape), &mut out), 2);
            let written = while_written(&Arc::new(shape));
            assert_eq!(String::from_utf8(written), String::from_utf8(out.clone()));
            serde_json::from_slice::<Value>(&out).unwrap();
        }
    }
}
