//! The mail server in `SMTP_URL`: connections are kept while there are mails to send.

use std::sync::{Arc, Mutex, PoisonError};

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::connection::{Connection, Security, ServerAddress};
use super::{Formatted, Undelivered};
use crate::config::{Settings, SmtpUrl};

/// Mails per connection: servers limit them, usually to 100.
const MOST_LETTERS: u32 = 50;

#[derive(Debug)]
pub(in crate::mail) struct Smtp {
    server: ServerAddress,
    idle: Mutex<Vec<Connection>>,
}

impl Smtp {
    /// The error is a sentence.
    pub(super) fn new(url: &SmtpUrl, settings: &Arc<Settings>) -> Result<Self, String> {
        let host = url.host().to_owned();
        let tls = || tls(&host, settings);
        let security = match (url.is_implicit_tls(), url.is_this_machine()) {
            (true, _) => Security::Implicit(tls()?),
            (false, true) => Security::None,
            (false, false) => Security::StartTls(tls()?),
        };
        let credentials = url.login().map(|(user, password)| Credentials::new(user, password));
        let sender =
            settings.mail_from.as_ref().map(|from| from.mailbox().email.domain().to_owned());
        let hello = ClientId::Domain(sender.unwrap_or_else(|| "localhost".into()));
        let (port, step) = (url.port(), settings.smtp_timeout);
        let server = ServerAddress { host, port, security, credentials, hello, step };
        Ok(Self { server, idle: Mutex::default() })
    }

    pub(super) async fn send(&self, formatted: &Formatted) -> Result<String, Undelivered> {
        let mut connection = self.connection().await?;
        let answer = connection.send(formatted).await;
        // After a rejection the connection is usually fine; RSET will tell.
        let broken = matches!(answer, Err(Undelivered::NoServer(_) | Undelivered::Later(_)));
        if broken || connection.sent >= MOST_LETTERS {
            tokio::spawn(connection.quit());
        } else {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        answer
    }

    pub(super) async fn greet(&self) -> Result<(), Undelivered> {
        Connection::open(&self.server).await?.quit().await;
        Ok(())
    }

    pub(super) async fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            connection.quit().await;
        }
    }

    async fn connection(&self) -> Result<Connection, Undelivered> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(mut connection) => {
                    if connection.is_ready().await {
                        return Ok(connection);
                    }
                }
                None => return Connection::open(&self.server).await,
            }
        }
    }
}

fn tls(host: &str, settings: &Settings) -> Result<TlsParameters, String> {
    let name = host.trim_matches(['[', ']']).to_owned();
    let mut tls = TlsParameters::builder(name).certificate_store(CertificateStore::WebpkiRoots);
    if let Some(file) = &settings.smtp_ca_file {
        for der in file.certificates() {
            let certificate = Certificate::from_der(der.clone());
            let certificate = certificate.map_err(|error| format!("SMTP_CA_FILE: {error}."))?;
            tls = tls.add_root_certificate(certificate);
        }
    }
    tls.build_rustls().map_err(|error| format!("TLS cannot be set up for {host}: {error}."))
}
