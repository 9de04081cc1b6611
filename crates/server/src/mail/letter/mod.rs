//! What a mail says: its kind, who gets it, and the subject, text and HTML that are made of both, from
//! templates that operators can replace, in the reader's language. No link comes from a request
//! ([`Links`]), what people typed is escaped in HTML, and no subject holds a line break.

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

/// What one mail is to say. Begin with [`Letter::new`] and set what its kind needs.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Which mail it is.
    pub kind: Kind,
    /// The address it goes to.
    pub to: String,
    /// How the reader is called.
    pub name: Option<String>,
    /// The reader's language as a BCP 47 tag, such as `pt-BR`; English where it is not known.
    pub locale: Option<String>,
    /// The single-use secret in the link; the link itself is made when the letter is put into words.
    pub token: Option<SecretString>,
    /// The code to type.
    pub code: Option<SecretString>,
    /// How long the link and the code are good.
    pub valid_for: Option<Duration>,
    /// The other address: the new one in the notice to the old one.
    pub other_address: Option<String>,
    /// When that which the mail is about happened.
    pub at: Option<OffsetDateTime>,
    /// From which address.
    pub ip: Option<IpAddr>,
    /// With which device: the client's `User-Agent`.
    pub user_agent: Option<String>,
}

impl Letter {
    /// A letter of this kind to this address.
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

/// What is wrong with the templates of `MAIL_TEMPLATES` and with where links lead, each one sentence.
pub fn problems(settings: &Settings) -> Vec<String> {
    let mut found = links::problems(settings);
    if settings.letters.templates.is_some() {
        found.extend(LetterWriter::checked(settings).1);
    }
    found
}
