//! What a mail says: its kind, who gets it, and the text that is made of both.

mod kind;

pub use kind::Kind;

use std::net::IpAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::config::Settings;

/// What one mail is to say.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Which mail it is.
    pub kind: Kind,
    /// The address it goes to.
    pub to: String,
    /// How the reader is called.
    pub name: Option<String>,
    /// The reader's language.
    pub locale: Option<String>,
    /// The single-use secret in the link.
    pub token: Option<SecretString>,
    /// The code to type.
    pub code: Option<SecretString>,
    /// How long the link and the code are good.
    pub valid_for: Option<Duration>,
    /// The other address.
    pub other_address: Option<String>,
    /// When that which the mail is about happened.
    pub at: Option<OffsetDateTime>,
    /// From which address.
    pub ip: Option<IpAddr>,
    /// With which device.
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

/// A mail in words.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The link in it.
    pub link: Option<String>,
}

/// Puts a letter into words.
pub fn render(letter: &Letter, settings: &Settings) -> Rendered {
    let public = settings.public_url.clone();
    let public = public.unwrap_or_else(|| format!("http://{}:{}", settings.host, settings.port));
    let page = |token: &SecretString| {
        let (auth, kind) = (&settings.auth_path, letter.kind.as_str());
        format!("{public}{auth}/pages/{kind}?token={}", token.expose_secret())
    };
    let link = letter.token.as_ref().map(page);
    let shown = link.as_deref().unwrap_or_default();
    let subject = letter.kind.as_str().to_owned();
    Rendered { subject, text: format!("{shown}\n"), html: format!("<p>{shown}</p>\n"), link }
}
