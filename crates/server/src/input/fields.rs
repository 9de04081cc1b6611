//! The fields of a body, a query or a form, read one by one, so that an answer names all problems at
//! once. Unknown fields are ignored.

use serde_json::{Map, Value};

use super::{Field, Given, Refusal};
use crate::error::{Error, Invalid};

/// The fields of a body, query or form, with the problems found so far.
#[derive(Debug)]
pub struct Fields {
    place: &'static str,
    map: Map<String, Value>,
    problems: Vec<Invalid>,
}

impl Fields {
    /// Fields that came from `place`.
    pub fn new(place: &'static str, map: Map<String, Value>) -> Self {
        Self { place, map, problems: Vec::new() }
    }

    /// Whether they came with a body rather than a query.
    pub fn is_body(&self) -> bool {
        self.place == "body"
    }

    /// All fields that were not taken yet, to be put back under other names.
    pub fn take_all(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.map)
    }

    /// Puts fields back.
    pub fn put_back(&mut self, map: Map<String, Value>) {
        self.map = map;
    }

    /// Takes a field out; `None` if it does not parse, which is noted.
    pub fn given<T: Field>(&mut self, name: &str) -> Option<Given<T>> {
        match self.map.remove(name) {
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

    /// Takes a value out as it was given.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name)
    }

    /// Takes a field that must be there and not null.
    pub fn required<T: Field>(&mut self, name: &str) -> Option<T> {
        match self.given(name)? {
            Given::Value(value) => Some(value),
            Given::Null => self.refuse_null(name),
            Given::Absent => {
                self.refuse(name, "is required", "missing");
                None
            }
        }
    }

    /// Notes that a field must not be null.
    pub(super) fn refuse_null<T>(&mut self, name: &str) -> Option<T> {
        self.refuse(name, "must not be null", "null");
        None
    }

    /// The first of these names that was given, else the first.
    pub fn name_of<'a>(&self, names: &[&'a str]) -> &'a str {
        names.iter().find(|name| self.map.contains_key(**name)).unwrap_or(&names[0])
    }

    /// Notes why a field is refused, if it is.
    pub fn note(&mut self, name: &str, refusal: Option<Refusal>) {
        self.problems.extend(refusal.map(|why| Invalid::new(self.place, name, why)));
    }

    /// Notes a problem with a field.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>, kind: &'static str) {
        self.note(name, Some((message.into(), kind)));
    }

    /// This, or all problems at once; it is there unless a problem was noted.
    pub(super) fn finish_with<T>(self, read: Option<T>) -> Result<T, Error> {
        match read {
            Some(read) if self.problems.is_empty() => Ok(read),
            _ => Err(Error::Validation(self.problems)),
        }
    }

    /// All problems at once, or nothing.
    pub fn finish(self) -> Result<(), Error> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Validation(self.problems)) }
    }
}
