//! A PostgreSQL server, from name resolution to the result of a statement.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_postgres::{Client, SimpleQueryMessage};
use tokio_rustls::TlsConnector;

use crate::clock::Clock;
use crate::config::{ChannelBinding, PostgresUrl, Tls};
use crate::crypto::Certificate;
use crate::db::postgres::connect::Target;
use crate::db::postgres::failed;
use crate::db::postgres::tls::{client_config, tls_sentence};
use crate::sql::Result;

/// `SSLRequest` (PostgreSQL's protocol, 55.7): its length and its code.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// What the server reports about itself and this session.
const FACTS: &str = "SELECT current_setting('server_version'), current_user, current_database(), \
    current_setting('transaction_read_only'), current_setting('max_connections')";
/// Without a schema, so that tests can put another function in front.
const ITS_CLOCK: &str = "SELECT extract(epoch FROM clock_timestamp())";

/// The addresses of the server's host.
pub async fn addresses(url: &PostgresUrl) -> io::Result<Vec<IpAddr>> {
    let found = tokio::net::lookup_host((url.host.as_str(), url.port)).await?;
    let mut all: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    all.dedup();
    Ok(all)
}

/// How long connecting took, over TCP or a Unix socket.
pub async fn reach(url: &PostgresUrl) -> io::Result<Duration> {
    let began = Instant::now();
    if url.host.starts_with('/') {
        let socket = Path::new(&url.host).join(format!(".s.PGSQL.{}", url.port));
        UnixStream::connect(socket).await?;
    } else {
        TcpStream::connect((url.host.as_str(), url.port)).await?;
    }
    Ok(began.elapsed())
}

/// What the server presents at the start of TLS.
#[derive(Clone, Debug)]
pub struct ShownChain {
    /// Its certificates, its own first.
    pub chain: Vec<Certificate>,
    /// Why they are not trusted at the URL's level, as a sentence.
    pub distrust: Option<String>,
}

/// Requests TLS; `None` if the server does not offer it. Returns its certificates whether they are trusted or
/// not.
pub async fn shown(url: &PostgresUrl) -> io::Result<Option<ShownChain>> {
    let anyhow = PostgresUrl { tls: Tls::Required, ..url.clone() };
    let Some((chain, ())) = handshake(&anyhow).await?.transpose()? else { return Ok(None) };
    let chain = chain.iter().filter_map(|der| Certificate::read(der)).collect();
    let distrust = match handshake(url).await? {
        Some(Err(broken)) => {
            let at = format!("{}:{}", url.host, url.port);
            Some(tls_sentence(&at, &broken).unwrap_or_else(|| format!("{at}: {broken}.")))
        }
        _ => None,
    };
    Ok(Some(ShownChain { chain, distrust }))
}

type Handshake = io::Result<(Vec<Vec<u8>>, ())>;

/// TLS at the URL's level on a separate connection, closed immediately; `None` if the server does not offer
/// it.
async fn handshake(url: &PostgresUrl) -> io::Result<Option<Handshake>> {
    let mut stream = TcpStream::connect((url.host.as_str(), url.port)).await?;
    stream.write_all(&ASKS_FOR_TLS).await?;
    if stream.read_u8().await? != b'S' {
        return Ok(None);
    }
    let config = client_config(url).map_err(io::Error::other)?;
    let name = ServerName::try_from(url.host.clone()).map_err(io::Error::other)?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(Some(connected.map(|stream| {
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
        (shown.iter().map(|der| der.to_vec()).collect(), ())
    })))
}

/// Whether the password exchange can be bound to the TLS channel: an error says why not.
pub async fn binds(url: &PostgresUrl) -> Result<()> {
    let bound = PostgresUrl { channel_binding: ChannelBinding::Required, ..url.clone() };
    let (_client, driver) = Target::new(&bound)?.connect().await?;
    driver.abort();
    Ok(())
}

/// A separate session.
#[derive(Debug)]
pub struct ServerVisit {
    client: Client,
    driver: AbortHandle,
    /// Whether it is PostgreSQL itself, not a pooler.
    pub is_direct: bool,
    /// Whether prepared statements keep their names between calls.
    pub keeps_statements: bool,
    /// What it reports about itself.
    pub facts: ServerFacts,
}

/// What a server reports about itself.
#[derive(Clone, Debug, Default)]
pub struct ServerFacts {
    /// Its version, such as `17.2`.
    pub version: String,
    /// The login role.
    pub login: String,
    /// The database.
    pub database: String,
    /// Whether it accepts no writes.
    pub is_read_only: bool,
    /// Its connection limit.
    pub max_connections: u32,
}

/// The server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// How far it is ahead of ours.
    pub ahead: time::Duration,
    /// The uncertainty: half of the round trip.
    pub within: Duration,
}

impl ServerVisit {
    /// Signs in. The error is one sentence.
    pub async fn begin(url: &PostgresUrl) -> Result<Self> {
        let (client, driver, look) = Target::new(url)?.connect_and_look().await?;
        let mut visit = Self {
            client,
            driver,
            is_direct: look.limited,
            keeps_statements: look.named,
            facts: ServerFacts::default(),
        };
        let mut row = visit.row(FACTS).await?.into_iter();
        let mut next = || row.next().flatten().unwrap_or_default();
        visit.facts = ServerFacts {
            version: next(),
            login: next(),
            database: next(),
            is_read_only: next() == "on",
            max_connections: next().parse().unwrap_or_default(),
        };
        Ok(visit)
    }

    /// The durations of this many empty statements, in ascending order.
    pub async fn round_trips(&self, count: usize) -> Result<Vec<Duration>> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let began = Instant::now();
            self.row("SELECT 1").await?;
            all.push(began.elapsed());
        }
        all.sort_unstable();
        Ok(all)
    }

    /// The server's clock compared with ours: the best of a few measurements.
    pub async fn clocks(&self, ours: &Clock) -> Result<Option<Clocks>> {
        let mut best: Option<Clocks> = None;
        for _ in 0..3 {
            let (before, began) = (ours.now(), Instant::now());
            let said = self.row(ITS_CLOCK).await?.into_iter().next().flatten();
            let within = began.elapsed() / 2;
            let theirs = said.and_then(|text| instant(&text));
            let looked = theirs.map(|theirs| Clocks { ahead: theirs - (before + within), within });
            best = best.into_iter().chain(looked).min_by_key(|clocks| clocks.within);
        }
        Ok(best)
    }

    async fn row(&self, sql: &str) -> Result<Vec<Option<String>>> {
        let answers = self.client.simple_query(sql).await.map_err(|error| failed(&error))?;
        let row = answers.into_iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let texts = |row: tokio_postgres::SimpleQueryRow| {
            (0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect()
        };
        Ok(row.map(texts).unwrap_or_default())
    }
}

impl Drop for ServerVisit {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// `1764401234.567891`, seconds since 1970.
fn instant(text: &str) -> Option<OffsetDateTime> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()?;
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(seconds + Duration::from_micros(micros.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clock_says_is_read_to_the_microsecond() {
        let at = |text| instant(text).map(|at| at.unix_timestamp_nanos() / 1000);
        assert_eq!(at("1764401234.567891"), Some(1_764_401_234_567_891));
        assert_eq!(at("1764401234.5"), Some(1_764_401_234_500_000));
        assert_eq!(at("1764401234"), Some(1_764_401_234_000_000));
        assert_eq!(at("soon"), None);
    }
}
