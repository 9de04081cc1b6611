//! How a letter leaves: to a mail server, or into a folder where `doorward dev` runs.

mod connection;
mod mail_folder;
mod message;
mod smtp;

pub(super) use message::{Formatted, format};

use std::sync::Arc;

use crate::config::Settings;
use mail_folder::MailFolder;
use smtp::Smtp;

/// Says something to the person in front of the terminal.
pub type Say = fn(&Settings, &str);

#[derive(Debug)]
pub(in crate::mail) enum Transport {
    Smtp(Box<Smtp>),
    Folder(MailFolder),
}

/// Why a letter did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undelivered {
    /// The server will not take this letter, today or tomorrow.
    Refused(String),
    /// It may take it later.
    Later(String),
    /// It takes no letter at present.
    NoServer(String),
}

impl Undelivered {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Refused(why) | Self::Later(why) | Self::NoServer(why) => why,
        }
    }
}

/// Whether the mail server takes us: the way to it, TLS, and the login. Nothing is sent. The error is a sentence.
pub async fn greet(settings: &Arc<Settings>) -> Result<(), String> {
    let transport = Transport::of(settings, |_, _| {})?;
    let Some(transport) = transport else { return Err("SMTP_URL is not set.".into()) };
    transport.greet().await.map_err(|undelivered| undelivered.why().to_owned())
}

impl Transport {
    /// The transport of these settings; the error is a sentence.
    pub(super) fn of(settings: &Arc<Settings>, say: Say) -> Result<Option<Self>, String> {
        if let Some(folder) = &settings.mail_folder {
            let folder = MailFolder::new(folder.clone(), Arc::clone(settings), say);
            return Ok(Some(Self::Folder(folder)));
        }
        let Some(url) = &settings.smtp_url else { return Ok(None) };
        Smtp::new(url, settings).map(|smtp| Some(Self::Smtp(Box::new(smtp))))
    }

    /// Sends it; what the server said to it.
    pub(super) async fn send(&self, formatted: &Formatted) -> Result<String, Undelivered> {
        match self {
            Self::Smtp(smtp) => smtp.send(formatted).await,
            Self::Folder(folder) => folder.write(formatted).await,
        }
    }

    /// Connects as for a letter, signs in, and takes leave without one.
    pub(super) async fn greet(&self) -> Result<(), Undelivered> {
        match self {
            Self::Smtp(smtp) => smtp.greet().await,
            Self::Folder(_) => Ok(()),
        }
    }

    /// Closes connections that are kept for the next letter.
    pub(super) async fn rest(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.close_idle().await;
        }
    }
}
