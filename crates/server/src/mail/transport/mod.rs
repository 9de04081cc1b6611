//! Transports: a mail server, or a folder in `doorward dev`.

mod connection;
mod mail_folder;
mod message;
mod smtp;

pub(super) use message::{Formatted, format};

use std::sync::Arc;

use crate::config::Settings;
use mail_folder::MailFolder;
use smtp::Smtp;

/// Reports something to the user at the terminal.
pub type Say = fn(&Settings, &str);

#[derive(Debug)]
pub(in crate::mail) enum Transport {
    Smtp(Box<Smtp>),
    Folder(MailFolder),
}

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undelivered {
    /// The server rejects this mail permanently.
    Refused(String),
    /// It may accept it later.
    Later(String),
    /// It currently accepts no mail.
    NoServer(String),
}

impl Undelivered {
    pub(super) fn why(&self) -> &str {
        match self {
            Self::Refused(why) | Self::Later(why) | Self::NoServer(why) => why,
        }
    }
}

/// Checks the mail server: the connection, TLS, and the login. Nothing is sent. The error is a sentence.
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

    /// Sends it; returns the server's response.
    pub(super) async fn send(&self, formatted: &Formatted) -> Result<String, Undelivered> {
        match self {
            Self::Smtp(smtp) => smtp.send(formatted).await,
            Self::Folder(folder) => folder.write(formatted).await,
        }
    }

    /// Connects and signs in as for a mail, then disconnects.
    pub(super) async fn greet(&self) -> Result<(), Undelivered> {
        match self {
            Self::Smtp(smtp) => smtp.greet().await,
            Self::Folder(_) => Ok(()),
        }
    }

    /// Closes connections kept for the next mail.
    pub(super) async fn rest(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.close_idle().await;
        }
    }
}
