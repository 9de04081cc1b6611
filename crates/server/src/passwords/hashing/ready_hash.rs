//! A password hash that an operator or an import brings, made by another program.

use std::fmt;

use super::hash_kind::HashKind;
use super::stored_hash::{HashRefusal, recognise};

/// A hash that can be verified; it is stored as it is, until its owner signs in.
#[derive(Clone)]
pub struct ReadyHash {
    text: String,
    /// Which kind it is.
    pub kind: HashKind,
}

impl ReadyHash {
    /// Takes a hash, unless no password could be verified with it.
    pub fn parse(text: &str) -> Result<Self, HashRefusal> {
        Ok(Self { kind: recognise(text)?, text: text.to_owned() })
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for ReadyHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ReadyHash({})", self.kind)
    }
}
