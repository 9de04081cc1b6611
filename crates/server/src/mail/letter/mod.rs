//! What a mail says: its kind, who gets it, and the text that is made of both.

mod kind;

pub use kind::Kind;

use time::OffsetDateTime;

use crate::config::Settings;
use crate::email::Email;

/// A mail before it is put into words.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What it is for.
    pub kind: Kind,
    /// Whom it goes to.
    pub to: Email,
    /// What the recipient is called.
    pub name: Option<String>,
    /// The recipient's language.
    pub locale: Option<String>,
    /// The link in it.
    pub link: Option<String>,
    /// The code in it.
    pub code: Option<String>,
    /// Until when link and code work.
    pub expires_at: Option<OffsetDateTime>,
}

/// A mail in words.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Puts a letter into words.
pub fn render(letter: &Letter, _: &Settings) -> Rendered {
    let link = letter.link.clone().or_else(|| letter.code.clone()).unwrap_or_default();
    let subject = letter.kind.as_str().to_owned();
    Rendered { subject, text: format!("{link}\n"), html: format!("<p>{link}</p>\n") }
}
