//! The fields of a body, query or form, parsed one by one, so that a response can report all problems at
//! once. Unknown fields are ignored, unless they are misspellings of known ones.

use serde_json::{Map, Value};

use super::{Field, Given, Refusal, meant};
use crate::error::{Error, Invalid};

/// The fields of a body, query or form, with the problems found so far.
#[derive(Debug)]
pub struct Fields {
    place: &'static str,
    map: Map<String, Value>,
    problems: Vec<Invalid>,
    /// The known names, and whether they were present.
    known: Vec<(&'static str, bool)>,
}

/// How many unknown fields are compared with the known ones.
const COMPARED: usize = 64;

impl Fields {
    /// Fields from `place`.
    pub fn new(place: &'static str, map: Map<String, Value>) -> Self {
        Self { place, map, problems: Vec::new(), known: Vec::with_capacity(16) }
    }

    /// Whether they are from a body rather than a query.
    pub fn is_body(&self) -> bool {
        self.place == "body"
    }

    /// Removes all remaining fields, to be put back under other names.
    pub fn take_all(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.map)
    }

    /// Puts fields back.
    pub fn put_back(&mut self, map: Map<String, Value>) {
        self.map = map;
    }

    /// Removes a field; `None` if it is invalid, which is recorded.
    pub fn given<T: Field>(&mut self, name: &'static str) -> Option<Given<T>> {
        let value = self.map.remove(name);
        self.known.push((name, value.is_some()));
        match value {
            None => Some(Given::Absent),
            Some(Value::Null) => Some(Given::Null),
            Some(value) => match T::from_json(value) {
                Ok(value) => Some(Given::Value(value)),
                Err(why) => {
                    self.note(name, Some(why));
                    None
                }
            },
        }
    }

    /// Removes a value as given.
    pub(super) fn take(&mut self, name: &'static str) -> Option<Value> {
        let value = self.map.remove(name);
        self.known.push((name, value.is_some()));
        value
    }

    /// Removes a required, non-null field.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Option<T> {
        match self.given(name)? {
            Given::Value(value) => Some(value),
            Given::Null => self.refuse_null(name),
            Given::Absent => {
                self.refuse(name, "is required", "missing");
                None
            }
        }
    }

    /// Records that a field must not be null.
    pub(super) fn refuse_null<T>(&mut self, name: &str) -> Option<T> {
        self.refuse(name, "must not be null", "null");
        None
    }

    /// The first of these names that is present, otherwise the first.
    pub fn name_of(&mut self, names: &[&'static str]) -> &'static str {
        let found = names.iter().find(|name| self.map.contains_key(**name));
        self.known.extend(names.iter().map(|name| (*name, found.is_some())));
        found.unwrap_or(&names[0])
    }

    /// Records each unknown field that is a misspelling of an absent known one.
    fn note_slips(&mut self) {
        let known = &self.known;
        let is_known = |name: &str| known.iter().any(|(one, _)| *one == name);
        let absent = || known.iter().filter(|(_, is_there)| !is_there).map(|(name, _)| *name);
        let unknown = self.map.keys().filter(|name| !is_known(name)).take(COMPARED);
        let slips = unknown.filter_map(|name| meant(name, absent()).map(|meant| (name, meant)));
        self.problems.extend(slips.map(|(name, meant)| {
            let why = format!("is unknown: did you mean {meant}?");
            Invalid::new(self.place, name, (why, "extra_forbidden"))
        }));
    }

    /// Records why a field is invalid, if it is.
    pub fn note(&mut self, name: &str, refusal: Option<Refusal>) {
        self.problems.extend(refusal.map(|why| Invalid::new(self.place, name, why)));
    }

    /// Records a problem with a field.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>, kind: &'static str) {
        self.note(name, Some((message.into(), kind)));
    }

    /// The value, or all problems at once; it is present unless a problem was recorded.
    pub(super) fn finish_with<T>(mut self, read: Option<T>) -> Result<T, Error> {
        self.note_slips();
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(Error::Validation(self.problems)),
        }
    }

    /// All problems at once, or nothing.
    pub fn finish(self) -> Result<(), Error> {
        self.finish_with(Some(()))
    }
}
