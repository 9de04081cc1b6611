//! Detects what is between us and PostgreSQL. A pooler in transaction mode that does not track prepared
//! statements (PgBouncer before 1.21) would run another client's SQL under our statement's name, so names are
//! only used on a direct connection or behind a pooler that was seen to rewrite them; otherwise statements
//! are unnamed. Session settings are only used on direct connections; elsewhere each writing transaction sets
//! them.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Error};

use crate::db::postgres::connect::Target;
use crate::db::postgres::held::LOCK_WITHIN;
use crate::db::postgres::isolation::Isolation;
use crate::sql::DbError;
use crate::text;

const LOOK: &str = "SELECT pg_backend_pid(), current_setting('server_version_num')::int4, \
    current_setting('transaction_read_only')::bool, version()";
/// `WITH … AS MATERIALIZED` came with this version.
const OLDEST: i32 = 120_000;
/// The server gives up before our own deadline, and notices within a second if we have disconnected.
const SESSION: &str = text!(
    "SET statement_timeout = '3s'; SET lock_timeout = '",
    LOCK_WITHIN,
    "'; SET idle_in_transaction_session_timeout = '5s'"
);
/// Starts a transaction with the same limits if the session has none. One message, like `BEGIN`.
pub(in crate::db) const LIMITED_BEGIN: &str = text!(
    "BEGIN; SET LOCAL statement_timeout = '3s'; SET LOCAL lock_timeout = '",
    LOCK_WITHIN,
    "'"
);
const NOTICE_HANGUP: &str = "SET client_connection_check_interval = '1s'";
const HAS_NOTICE_HANGUP: i32 = 140_000;

/// What the first checks of a connection have shown.
#[derive(Clone, Copy, Debug)]
pub(in crate::db) struct FirstLook {
    /// Whether statements may be named.
    pub(in crate::db) named: bool,
    /// Whether the server accepts no writes: a standby, or a read-only database.
    pub(in crate::db) read_only: bool,
    /// Whether its session has timeouts.
    pub(in crate::db) limited: bool,
    /// Whether users are isolated.
    pub(in crate::db) isolation: Isolation,
}

/// Checks the connection and prepares it.
pub(in crate::db) async fn prepare_session(
    client: &Client,
    target: &Target,
) -> Result<FirstLook, DbError> {
    look(client, target).await.map_err(|error| match error.as_db_error() {
        Some(answer) => DbError::Away(format!("The first statement failed: {}.", answer.message())),
        None => DbError::Away(format!("The database connection was lost after sign-in: {error}.")),
    })?
}

/// The product, if it is not a supported PostgreSQL.
fn another(version: i32, name: &str) -> Option<DbError> {
    let what: String =
        name.split([',', '(']).next().unwrap_or_default().trim().chars().take(60).collect();
    if !name.starts_with("PostgreSQL ") {
        return Some(DbError::NotAdmitted(format!(
            "The database server is {what}, which Doorward does not support: use a PostgreSQL server, \
             version 12 or newer."
        )));
    }
    (version < OLDEST).then(|| {
        DbError::NotAdmitted(format!(
            "The database server is {what}, which is too old: Doorward needs version 12 or newer."
        ))
    })
}

async fn look(client: &Client, target: &Target) -> Result<Result<FirstLook, DbError>, Error> {
    // In one round trip, but separate: another product fails at the second and names itself at the first.
    let (rows, isolation) = tokio::join!(client.query_typed(LOOK, &[]), Isolation::look(client));
    let rows = rows?;
    let row = rows.first();
    let served_by: i32 = row.map_or(Ok(0), |row| row.try_get(0))?;
    let version: i32 = row.map_or(Ok(0), |row| row.try_get(1))?;
    let read_only: bool = row.map_or(Ok(false), |row| row.try_get(2))?;
    let name: String = row.map_or(Ok(String::new()), |row| row.try_get(3))?;
    if let Some(another) = another(version, &name) {
        return Ok(Err(another));
    }
    let isolation = isolation?;
    if announced(client).await == Some(served_by) || target.is_known_direct() {
        let notice = async {
            if version >= HAS_NOTICE_HANGUP {
                // Not every platform supports it; the other deadlines work without it.
                let _ = client.batch_execute(NOTICE_HANGUP).await;
            }
        };
        // Sent together, because each round trip to a distant server is slow.
        tokio::join!(client.batch_execute(SESSION), notice).0?;
        let named = target.keeps_statements();
        return Ok(Ok(FirstLook { named, read_only, limited: true, isolation }));
    }
    let named = target.keeps_statements() && renames_statements(client).await;
    Ok(Ok(FirstLook { named, read_only, limited: false, isolation }))
}

/// A pooler that tracks prepared statements gives them its own names; our name in the server's list, or
/// anything unexpected, means that it does not. Within a transaction even such a pooler uses a single server
/// connection, so the probe neither meets nor leaves behind other clients' names.
async fn renames_statements(client: &Client) -> bool {
    if client.batch_execute("BEGIN").await.is_err() {
        return false;
    }
    let renamed = probe(client).await.unwrap_or(false);
    client.batch_execute("ROLLBACK").await.is_ok() && renamed
}

async fn probe(client: &Client) -> Result<bool, Error> {
    let statement = client
        .prepare(
            "SELECT name FROM pg_prepared_statements \
             WHERE statement LIKE 'SELECT name FROM pg_prepared_statements%'",
        )
        .await?;
    let rows = client.query(&statement, &[]).await?;
    let names: Result<Vec<String>, Error> = rows.iter().map(|row| row.try_get(0)).collect();
    let names = names?;
    Ok(!names.is_empty() && !names.iter().any(|name| is_ours(name)))
}

/// The driver numbers its statements: `s0`, `s1`, …
fn is_ours(name: &str) -> bool {
    name.strip_prefix('s').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The process id that the peer announced at login: PostgreSQL's own, or one that a pooler invented. The
/// driver does not expose it but writes it into cancel requests, so it writes one to us.
async fn announced(client: &Client) -> Option<i32> {
    const TLS_REQUEST: i32 = 80_877_103;
    let (ours, mut theirs) = tokio::io::duplex(64);
    let token = client.cancel_token();
    let write = token.cancel_query_raw(ours, PlainInstead);
    let read = async {
        theirs.read_i32().await.ok()?;
        if theirs.read_i32().await.ok()? == TLS_REQUEST {
            theirs.write_all(b"S").await.ok()?;
            theirs.read_i64().await.ok()?;
        }
        theirs.read_i32().await.ok()
    };
    tokio::join!(write, read).1
}

/// A stand-in for TLS for this request to ourselves.
struct PlainInstead;
struct Plain(DuplexStream);

impl TlsConnect<DuplexStream> for PlainInstead {
    type Stream = Plain;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Plain, Self::Error>>;

    fn connect(self, stream: DuplexStream) -> Self::Future {
        std::future::ready(Ok(Plain(stream)))
    }
}

impl TlsStream for Plain {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Plain {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Plain {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_product_and_an_old_server_are_named() {
        let answer = |version, name| another(version, name).map(|error| error.to_string());
        assert_eq!(answer(150_000, "PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64"), None);
        let cockroach =
            answer(130_000, "CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu, built 2024)");
        assert!(
            cockroach.is_some_and(|answer| answer.contains("is CockroachDB CCL v24.1.0, which"))
        );
        let old = answer(90_600, "PostgreSQL 9.6.24 on x86_64-pc-linux-gnu, compiled by gcc");
        assert!(old.is_some_and(|answer| answer.contains("is too old")));
    }
}
