//! The contents of a mail: its kind, its recipient, and the subject, text and HTML rendered from both, with
//! templates that operators can replace, in the reader's language. No link depends on a request ([`Links`]),
//! user input is escaped in HTML, and subjects contain no line breaks.

mod bounded;
mod device;
mod kind;
mod language;
mod links;
mod overrides;
mod sample;
mod shape;
mod texts;
mod write;
#[cfg(test)]
mod written;

pub(crate) use device::device;
pub use kind::Kind;
pub use language::Language;
pub(crate) use language::{read_each, texts_by_language};
pub use links::{Links, PAGES_PATH, app_name};
pub use sample::sample;
pub use write::{LetterWriter, Rendered};

use std::net::IpAddr;
use std::time::Duration;

use secrecy::SecretString;
use time::OffsetDateTime;

use crate::config::Settings;

/// The contents of one mail. Start with [`Letter::new`] and set what its kind needs.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its kind.
    pub kind: Kind,
    /// The recipient's address.
    pub to: String,
    /// The reader's name.
    pub name: Option<String>,
    /// The reader's language as a BCP 47 tag, such as `pt-BR`; English if unknown.
    pub locale: Option<String>,
    /// The single-use secret in the link; the link itself is created on rendering.
    pub token: Option<SecretString>,
    /// The code to enter.
    pub code: Option<SecretString>,
    /// How long the link and the code are valid.
    pub valid_for: Option<Duration>,
    /// The other address: the new one, in the notice to the old one.
    pub other_address: Option<String>,
    /// When the event happened.
    pub at: Option<OffsetDateTime>,
    /// The client address of the event.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

impl Letter {
    /// A mail of this kind to this address.
    pub fn new(kind: Kind, to: impl Into<String>) -> Self {
        Self {
            kind,
            to: to.into(),
            name: None,
            locale: None,
            token: None,
            code: None,
            valid_for: None,
            other_address: None,
            at: None,
            ip: None,
            user_agent: None,
        }
    }
}

/// What is wrong with the templates in `MAIL_TEMPLATES` and with the links, a sentence each.
pub fn problems(settings: &Settings) -> Vec<String> {
    let mut found = links::problems(settings);
    if settings.letters.templates.is_some() {
        found.extend(LetterWriter::checked(settings).1);
    }
    found
}
