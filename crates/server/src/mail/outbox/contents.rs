//! The encrypted contents of a row: first the request, then the composed mail.

use serde::{Deserialize, Serialize};

use super::cause::Ask;

/// What a row holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::mail) enum Contents {
    /// It is not composed yet.
    Ask(Ask),
    /// It is composed, and each attempt sends the same.
    Letter(StoredLetter),
}

/// A rendered mail, as it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::mail) struct StoredLetter {
    /// The recipient's address.
    pub(in crate::mail) to: String,
    /// The recipient's name.
    pub(in crate::mail) name: Option<String>,
    pub(in crate::mail) subject: String,
    pub(in crate::mail) text: String,
    pub(in crate::mail) html: String,
    /// Its link or code, which `dev` shows.
    pub(in crate::mail) shown: Option<String>,
    /// When it was composed, in seconds since 1970: its `Date`.
    pub(in crate::mail) composed_at: i64,
}
