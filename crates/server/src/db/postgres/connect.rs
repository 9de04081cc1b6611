//! Opens a PostgreSQL connection: from a URL to a usable client, within a deadline, with one sentence for
//! each kind of failure (host not found, refused, wrong password, missing database, untrusted certificate, no
//! TLS, no channel binding). The password is never part of a sentence.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::AbortHandle;
use tokio_postgres::config::{ChannelBinding as Binding, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{ChannelBinding, PostgresUrl, Tls};
use crate::db::postgres::gather::Gather;
use crate::db::postgres::pooler::{FirstLook, prepare_session};
use crate::db::postgres::tls::{connector, tls_sentence};
use crate::metrics::{LaneLabel, Metrics};
use crate::sql::{DbError, Result};

/// Name resolution, TCP, TLS, authentication and the first checks: about nine round trips, which take six
/// seconds at 0.6 s each. Longer than a call waits: a connection that opens later serves the next call.
pub(in crate::db) const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The error for a server that accepts no writes.
pub(crate) const READS_ONLY: &str = "is read-only: it is a standby, or default_transaction_read_only is on. Connect to the primary, or make it writable";
/// PostgreSQL's error, with the code of a bug, for the first login to a database on a full disk.
const NO_ROOM_TO_SIGN_IN: &str = "could not write init file";
/// Requests TLS: PostgreSQL responds with `S` or `N`, or `E` on an error.
const TLS_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
/// A question that line-based products respond to; PostgreSQL closes such a connection silently.
const A_LINE: &[u8] = b"PING\r\n";
/// A peer that has not responded for this long gets [`A_LINE`].
const QUIET: Duration = Duration::from_secs(2);
/// The timeout for TCP to one address, so that a dead IPv6 route leaves time for IPv4.
const ADDRESS_WITHIN: Duration = Duration::from_secs(2);

/// The parameters of connections, created once.
#[derive(Debug)]
pub(in crate::db) struct Target {
    url: PostgresUrl,
    config: Config,
    tls: TlsConnector,
    turns: Arc<AtomicU64>,
    open: Arc<OpenLinks>,
    /// The metrics of its connections.
    pub(in crate::db) metrics: Metrics,
}

/// The number of connections, and how often one was opened while there was none, which wakes a suspended
/// database.
#[derive(Debug, Default)]
pub(in crate::db) struct OpenLinks {
    open: AtomicU64,
    wakes: AtomicU64,
}

impl OpenLinks {
    /// Adds one; returns whether it is the only one.
    pub(in crate::db) fn opened(&self) -> bool {
        let is_only = self.open.fetch_add(1, Ordering::AcqRel) == 0;
        if is_only {
            self.wakes.fetch_add(1, Ordering::Relaxed);
        }
        is_only
    }

    pub(in crate::db) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }

    /// The current number of connections.
    pub(in crate::db) fn count(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// How often one was opened while there was none, including the first.
    pub(in crate::db) fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::Relaxed)
    }
}

struct TlsConnector(MakeRustlsConnect);

impl std::fmt::Debug for TlsConnector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TlsConnector")
    }
}

/// A connection for the migration runner, without statement timeouts.
pub(crate) async fn connect(url: &PostgresUrl) -> Result<Client> {
    let target = Target::new(url)?;
    target.connect().await.map(|(client, _)| client)
}

impl Target {
    pub(in crate::db) fn new(url: &PostgresUrl) -> Result<Self> {
        let tls = TlsConnector(connector(url).map_err(DbError::Away)?);
        Ok(Self {
            config: config(url),
            tls,
            url: url.clone(),
            turns: Arc::default(),
            open: Arc::default(),
            metrics: Metrics::default(),
        })
    }

    /// How often the server was found to accept no writes; connections opened before that are unusable.
    pub(in crate::db) fn turns(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.turns)
    }

    /// Why this lane cannot use such a connection, if so.
    pub(in crate::db) fn refusal(&self, look: FirstLook, lane: LaneLabel) -> Option<DbError> {
        if look.read_only && matches!(lane, LaneLabel::OwnedWrites | LaneLabel::Writes) {
            let why = format!("The database server {} {READS_ONLY}.", self.address());
            return Some(DbError::Away(why));
        }
        let lacks = look.isolation.refusal(lane)?;
        Some(DbError::Unready(format!("The database at {} {lacks}.", self.address())))
    }

    /// False if the URL disables named statements.
    pub(in crate::db) fn keeps_statements(&self) -> bool {
        self.url.keeps_statements
    }

    /// Neon's direct host: its proxy invents process ids too, but does not pool.
    pub(in crate::db) fn is_known_direct(&self) -> bool {
        let host = self.url.host.to_ascii_lowercase();
        let endpoint = host.split('.').next().unwrap_or_default();
        host.ends_with(".neon.tech") && !endpoint.ends_with("-pooler")
    }

    /// Connects, and drives the connection on its own task until the handle aborts it or the client is
    /// dropped. The error is one sentence.
    pub(crate) async fn connect(&self) -> Result<(Client, AbortHandle)> {
        self.in_time(self.sign_in()).await
    }

    /// The same, and detects poolers.
    pub(in crate::db) async fn connect_and_look(&self) -> Result<(Client, AbortHandle, FirstLook)> {
        self.in_time(async {
            let (client, driver) = self.sign_in().await?;
            match prepare_session(&client, self).await {
                Ok(session) => Ok((client, driver, session)),
                Err(why) => {
                    driver.abort();
                    Err(why)
                }
            }
        })
        .await
    }

    /// Applies the deadline of connecting.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let ended = tokio::time::timeout(CONNECT_WITHIN, work).await;
        ended.unwrap_or_else(|_| Err(DbError::Away(self.silent(CONNECT_WITHIN))))
    }

    async fn sign_in(&self) -> Result<(Client, AbortHandle)> {
        let silent = async {
            tokio::time::sleep(QUIET).await;
            if !Box::pin(self.is_another(A_LINE)).await {
                std::future::pending::<()>().await;
            }
        };
        let connected = tokio::select! {
            connected = self.config.connect(self.tls.0.clone()) => connected,
            () = silent => return Err(self.another()),
        };
        let (client, connection) = match connected {
            Ok(connected) => connected,
            Err(error) => {
                let failure = self.failure(&error);
                if matches!(failure, DbError::Away(_))
                    && is_garbled(&error)
                    && self.is_another(TLS_REQUEST).await
                {
                    return Err(self.another());
                }
                return Err(failure);
            }
        };
        let driver = tokio::spawn(async move {
            if let Err(error) = Gather::new(connection).await {
                tracing::debug!(%error, "a database connection has ended");
            }
        });
        Ok((client, driver.abort_handle()))
    }

    fn another(&self) -> DbError {
        DbError::NotAdmitted(format!(
            "The server at {} is not PostgreSQL: check the host and the port in the database URL.",
            self.address()
        ))
    }

    /// Whether the peer is another product: PostgreSQL responds to this question with one of three letters,
    /// or not at all; others respond differently, or speak first.
    async fn is_another(&self, question: &[u8]) -> bool {
        if self.url.host.starts_with('/') {
            return false;
        }
        let asked = async {
            let place = (self.url.host.as_str(), self.url.port);
            let mut socket = tokio::net::TcpStream::connect(place).await.ok()?;
            socket.write_all(question).await.ok()?;
            socket.read_u8().await.ok()
        };
        let answer = tokio::time::timeout(ADDRESS_WITHIN, asked).await;
        matches!(answer, Ok(Some(letter)) if !b"SNE".contains(&letter))
    }

    /// Counts connections, and how often there was none.
    pub(in crate::db) fn open_links(&self) -> Arc<OpenLinks> {
        Arc::clone(&self.open)
    }

    fn address(&self) -> String {
        if self.url.host.starts_with('/') {
            return format!("in {}", self.url.host);
        }
        format!("{}:{}", self.url.host, self.url.port)
    }

    fn silent(&self, within: Duration) -> String {
        format!(
            "The database server {} did not respond within {} s: check the host, the port and any \
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
                "The database server {} requires a password for user {}, but the URL has none.",
                self.address(),
                self.user()
            ));
        }
        let broken = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        if let Some(sentence) = self.protection(broken, &cause) {
            return DbError::NotAdmitted(sentence);
        }
        DbError::Away(self.sentence(error, broken, &cause))
    }

    /// What is wrong with TLS, which a retry does not change.
    fn protection(&self, broken: Option<&io::Error>, cause: &str) -> Option<String> {
        let at = self.address();
        if let Some(sentence) = broken.and_then(|broken| tls_sentence(&at, broken)) {
            return Some(sentence);
        }
        if cause.contains("server does not support TLS") {
            return Some(format!(
                "The database server {at} does not offer TLS: enable ssl there, or set \
                 sslmode=disable if the network is trusted."
            ));
        }
        cause.contains("channel binding").then(|| {
            format!(
                "The database server {at} did not use channel binding, which the URL requires: \
                 check that no proxy terminates TLS, or set channel_binding=prefer."
            )
        })
    }

    fn sentence(&self, error: &Error, broken: Option<&io::Error>, cause: &str) -> String {
        let at = self.address();
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
        if *code == SqlState::DISK_FULL || message == NO_ROOM_TO_SIGN_IN {
            return DbError::NotAdmitted(format!(
                "The disk of the database server {at} is full: free some space."
            ));
        }
        let sentence = match *code {
            SqlState::INVALID_PASSWORD => {
                format!("The database server {at} rejected the password of user {user}.")
            }
            SqlState::INVALID_CATALOG_NAME => format!(
                "The database server {at} has no database {}: create it, or correct the URL.",
                self.url.database.as_deref().unwrap_or(user)
            ),
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                format!("The database server {at} rejected user {user}: {message}.")
            }
            SqlState::TOO_MANY_CONNECTIONS => format!(
                "The database server {at} has no connections left: raise max_connections, or use a pooler."
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
}

/// Whether the peer closed the connection, or violated the protocol, before authentication.
fn is_garbled(error: &Error) -> bool {
    let broken = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    // What is left in the stream when it ends has no error kind of its own.
    let kinds = [
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::InvalidInput,
        io::ErrorKind::InvalidData,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::Other,
    ];
    broken.is_none_or(|broken| kinds.contains(&broken.kind()))
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
    // Detects peers that vanished silently, without sending a query.
    config.keepalives_idle(Duration::from_mins(1)).keepalives_interval(Duration::from_secs(10));
    config.keepalives_retries(3);
    // A peer that acknowledges nothing is detected early enough to repeat a read elsewhere.
    config.tcp_user_timeout(Duration::from_secs(3)).connect_timeout(ADDRESS_WITHIN);
    config
}
