//! One connection to PostgreSQL: from URL to a client that answers, within a deadline, with one
//! sentence for each way it can fail (host not found, refused, wrong password, database missing,
//! certificate not trusted, no TLS, no channel binding). The password is never part of a sentence.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::task::AbortHandle;
use tokio_postgres::config::{ChannelBinding as Binding, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{ChannelBinding, PostgresUrl, Tls};
use crate::db::postgres::gather::Gather;
use crate::db::postgres::tls::connector;
use crate::sql::{DbError, Result};

/// Name look-up, TCP, TLS and authentication together. Longer than a call waits: a serverless
/// database that wakes up in the meantime serves the next call.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// TCP to one of the host's addresses, so that a dead IPv6 route leaves time for IPv4.
const ADDRESS_WITHIN: Duration = Duration::from_secs(2);

/// Where to connect and how, made once.
#[derive(Debug)]
pub(in crate::db) struct Target {
    url: PostgresUrl,
    config: Config,
    tls: TlsConnector,
}

struct TlsConnector(MakeRustlsConnect);

impl std::fmt::Debug for TlsConnector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TlsConnector")
    }
}

/// A connection for one user, for the migration runner: no deadline of its own on statements.
pub(crate) async fn connect(url: &PostgresUrl) -> Result<Client> {
    let target = Target::new(url)?;
    target.connect().await.map(|(client, _)| client)
}

impl Target {
    pub(in crate::db) fn new(url: &PostgresUrl) -> Result<Self> {
        let tls = TlsConnector(connector(url).map_err(DbError::Away)?);
        Ok(Self { config: config(url), tls, url: url.clone() })
    }

    /// False if the URL forbids named statements.
    pub(in crate::db) fn keeps_statements(&self) -> bool {
        self.url.keeps_statements
    }

    /// Neon's direct host: its proxy makes up process ids too, but pools nothing.
    pub(in crate::db) fn is_known_direct(&self) -> bool {
        let host = self.url.host.to_ascii_lowercase();
        let endpoint = host.split('.').next().unwrap_or_default();
        host.ends_with(".neon.tech") && !endpoint.ends_with("-pooler")
    }

    /// Connects, and drives the connection on a task of its own until the handle aborts it or the
    /// client is dropped. The error is one sentence.
    pub(crate) async fn connect(&self) -> Result<(Client, AbortHandle)> {
        let connected = self.config.connect(self.tls.0.clone());
        match tokio::time::timeout(CONNECT_WITHIN, connected).await {
            Ok(Ok((client, connection))) => {
                let driver = tokio::spawn(async move {
                    if let Err(error) = Gather::new(connection).await {
                        tracing::debug!(%error, "a database connection has ended");
                    }
                });
                Ok((client, driver.abort_handle()))
            }
            Ok(Err(error)) => Err(self.failure(&error)),
            Err(_) => Err(DbError::Away(self.silent(CONNECT_WITHIN))),
        }
    }

    fn address(&self) -> String {
        if self.url.host.starts_with('/') {
            return format!("in {}", self.url.host);
        }
        format!("{}:{}", self.url.host, self.url.port)
    }

    fn silent(&self, within: Duration) -> String {
        format!(
            "The database server {} did not answer within {} s: check the host, the port and any \
             firewall.",
            self.address(),
            within.as_secs()
        )
    }

    fn user(&self) -> &str {
        self.url.user.as_deref().unwrap_or("(the operating system's user)")
    }

    fn failure(&self, error: &Error) -> DbError {
        if let Some(answer) = error.as_db_error() {
            return self.answered(answer.code(), answer.message());
        }
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        if cause.contains("password missing") {
            return DbError::NotAdmitted(format!(
                "The database server {} asks for a password for user {}, and the URL has none.",
                self.address(),
                self.user()
            ));
        }
        DbError::Away(self.sentence(error, &cause))
    }

    fn sentence(&self, error: &Error, cause: &str) -> String {
        let at = self.address();
        let broken = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        if let Some(sentence) = broken.and_then(|broken| self.tls_sentence(broken)) {
            return sentence;
        }
        if cause.contains("server does not support TLS") {
            return format!(
                "The database server {at} does not offer TLS: enable ssl there, or set \
                 sslmode=disable if the network between is trusted."
            );
        }
        if cause.contains("channel binding") {
            return format!(
                "The database server {at} did not use channel binding, which the URL requires: \
                 check that nothing stands in between, or set channel_binding=prefer."
            );
        }
        match broken.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => format!(
                "Nothing listens at {at}: check that PostgreSQL runs there and that the port is right."
            ),
            Some(io::ErrorKind::TimedOut) => self.silent(ADDRESS_WITHIN),
            Some(io::ErrorKind::NotFound) => format!(
                "There is no PostgreSQL socket {at}: check that the server runs and where its \
                 socket is."
            ),
            _ if cause.contains("failed to lookup") || cause.contains("lookup address") => {
                format!(
                    "The database host {} was not found: check its spelling and this machine's DNS.",
                    self.url.host
                )
            }
            _ if cause.is_empty() => {
                format!("The database server {at} closed the connection: {error}.")
            }
            _ => format!("The database server {at} cannot be reached: {cause}."),
        }
    }

    fn answered(&self, code: &SqlState, message: &str) -> DbError {
        let (at, user) = (self.address(), self.user());
        let sentence = match *code {
            SqlState::INVALID_PASSWORD => {
                format!("The database server {at} refused the password of user {user}.")
            }
            SqlState::INVALID_CATALOG_NAME => format!(
                "The database server {at} has no database {}: create it, or correct the URL.",
                self.url.database.as_deref().unwrap_or(user)
            ),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                format!("The database server {at} does not admit user {user}: {message}.")
            }
            SqlState::TOO_MANY_CONNECTIONS => format!(
                "The database server {at} has no connection left: raise max_connections, or go \
                 through a pooler."
            ),
            SqlState::CANNOT_CONNECT_NOW => {
                format!("The database server {at} is starting or stopping: {message}.")
            }
            _ => format!("The database server {at} refused the connection: {message}."),
        };
        match *code {
            SqlState::INVALID_PASSWORD
            | SqlState::INVALID_CATALOG_NAME
            | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => DbError::NotAdmitted(sentence),
            _ => DbError::Away(sentence),
        }
    }

    fn tls_sentence(&self, broken: &io::Error) -> Option<String> {
        let error = broken.get_ref()?.downcast_ref::<rustls::Error>()?;
        let at = self.address();
        Some(match error {
            rustls::Error::InvalidCertificate(
                rustls::CertificateError::NotValidForName
                | rustls::CertificateError::NotValidForNameContext { .. },
            ) => format!(
                "The certificate of {at} was issued for another host name: connect by that name."
            ),
            rustls::Error::InvalidCertificate(rustls::CertificateError::Expired) => {
                format!("The certificate of {at} has expired.")
            }
            rustls::Error::InvalidCertificate(reason) => format!(
                "The certificate of {at} is not trusted ({reason}): give the authority that signed \
                 it with sslrootcert=/path/to/ca.pem."
            ),
            other => format!("The TLS handshake with {at} failed: {other}."),
        })
    }
}

fn config(url: &PostgresUrl) -> Config {
    let mut config = Config::new();
    config.host(&url.host).port(url.port).application_name(&url.application_name);
    if let Some(user) = &url.user {
        config.user(user);
    }
    if let Some(password) = &url.password {
        config.password(password.expose_secret());
    }
    if let Some(database) = &url.database {
        config.dbname(database);
    }
    if let Some(options) = &url.options {
        config.options(options);
    }
    config.ssl_mode(match url.tls {
        Tls::Disabled => SslMode::Disable,
        Tls::Preferred => SslMode::Prefer,
        Tls::Required | Tls::VerifyCa | Tls::VerifyFull => SslMode::Require,
    });
    config.channel_binding(match url.channel_binding {
        ChannelBinding::Disabled => Binding::Disable,
        ChannelBinding::Preferred => Binding::Prefer,
        ChannelBinding::Required => Binding::Require,
    });
    // Finds out about peers that vanished without a word; no query is sent for it.
    config.keepalives_idle(Duration::from_mins(1)).keepalives_interval(Duration::from_secs(10));
    config.keepalives_retries(3);
    // A peer that acknowledges nothing is gone early enough to repeat a read elsewhere.
    config.tcp_user_timeout(Duration::from_secs(3)).connect_timeout(ADDRESS_WITHIN);
    config
}
