//! `Database`: the handle every store holds. It picks the engine and decodes rows; what it promises
//! is the same on both: one round trip a call, a deadline on each, and no half-done work.

use std::sync::Arc;
use std::time::Duration;

use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{FromRow, Row};
use crate::config::DatabaseUrl;
use crate::gate::{Authority, Gate};
use crate::sql::{Result, Sql, Step};

/// From a call to its answer, waiting for a connection included; a request has 5 s.
pub(super) const CALL_WITHIN: Duration = Duration::from_secs(4);

/// A handle on the database; clones share it.
#[derive(Clone, Debug)]
pub struct Database {
    engine: Arc<Backend>,
}

#[derive(Debug)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Database {
    /// Opens the database that the URL names.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::open_sqlite(path).await,
            DatabaseUrl::Postgres(url) => {
                let postgres = Postgres::open(url).await?;
                Ok(Self { engine: Arc::new(Backend::Postgres(postgres)) })
            }
        }
    }

    /// The same without waiting for a PostgreSQL server: calls fail as `Away` until it is there.
    pub async fn open_lazily(url: &DatabaseUrl) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::open_sqlite(path).await,
            DatabaseUrl::Postgres(url) => {
                Ok(Self { engine: Arc::new(Backend::Postgres(Postgres::lazy(url)?)) })
            }
        }
    }

    /// Prepares a statement without running it, in every form in which it may be sent.
    pub async fn prepare(&self, sql: Sql) -> Result<()> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.prepare(sql).await,
            Backend::Postgres(postgres) => postgres.prepare(sql).await,
        }
    }

    /// Opens, and creates if absent, the SQLite file at `path`.
    pub async fn open_sqlite(path: &std::path::Path) -> Result<Self> {
        let sqlite = Sqlite::open(path).await?;
        Ok(Self { engine: Arc::new(Backend::Sqlite(sqlite)) })
    }

    /// Rows of a statement that only reads.
    pub async fn query<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.query(step).await,
            Backend::Postgres(postgres) => postgres.query(step).await,
        }
    }

    /// The first row of a statement that only reads.
    pub async fn find<T: FromRow>(&self, step: Step) -> Result<Option<T>> {
        Ok(self.query(step).await?.into_iter().next())
    }

    /// Runs the steps in one transaction and one round trip; the rows of each step. All or nothing.
    pub async fn write(&self, steps: Vec<Step>) -> Result<Vec<Vec<Row>>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.write(None, steps).await,
            Backend::Postgres(postgres) => postgres.write(None, steps).await,
        }
    }

    /// Runs one writing statement; the rows of its `RETURNING`.
    pub async fn execute<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        let rows = self.write(vec![step]).await?;
        only(&rows)
    }

    /// Reads as the gate's user: `SessionEnded` unless the session lives and its user is active;
    /// row-level security sees that user only.
    pub async fn read_as<T: FromRow>(&self, gate: Gate, step: Step) -> Result<Vec<T>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.read_as(gate, step).await,
            Backend::Postgres(postgres) => postgres.read_as(gate, step).await,
        }
    }

    /// Writes as the gate's user, under the same check as [`Database::read_as`], in one transaction.
    pub async fn write_as<T: FromRow>(&self, gate: Gate, step: Step) -> Result<Vec<T>> {
        let rows = self.write_all_as(gate, vec![step]).await?;
        only(&rows)
    }

    /// Several steps as the gate's user, in one transaction and one round trip.
    pub async fn write_all_as(&self, gate: Gate, steps: Vec<Step>) -> Result<Vec<Vec<Row>>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.write(Some(gate), steps).await,
            Backend::Postgres(postgres) => postgres.write(Some(gate), steps).await,
        }
    }

    /// Reads on this authority.
    pub async fn read_by<T: FromRow>(&self, authority: Authority, step: Step) -> Result<Vec<T>> {
        match authority {
            Authority::Caller(gate) => self.read_as(gate, step).await,
            Authority::Operator => self.query(step).await,
        }
    }

    /// Writes on this authority, in one transaction.
    pub async fn write_by(&self, authority: Authority, steps: Vec<Step>) -> Result<Vec<Vec<Row>>> {
        match authority {
            Authority::Caller(gate) => self.write_all_as(gate, steps).await,
            Authority::Operator => self.write(steps).await,
        }
    }
}

/// The rows of the only step.
fn only<T: FromRow>(rows: &[Vec<Row>]) -> Result<Vec<T>> {
    rows.iter().flatten().map(Row::read).collect()
}
