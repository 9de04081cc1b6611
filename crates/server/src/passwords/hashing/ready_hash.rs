//! A password hash of another program, given by an operator or an import.

use std::fmt;

use super::hash_kind::HashKind;
use super::stored_hash::{HashRefusal, recognise};

/// A hash that can be verified; it is stored unchanged until the next sign-in.
#[derive(Clone)]
pub struct ReadyHash {
    text: String,
    /// Its kind.
    pub kind: HashKind,
}

impl ReadyHash {
    /// Accepts a hash if passwords can be verified with it.
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
