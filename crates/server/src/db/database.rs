//! `Database`: the handle for all stores. It selects the engine and decodes rows. Its guarantees are the same
//! on both engines: one round trip per call, a deadline for each, and no partial work.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::turns::Turns;
use super::{FromRow, Row, RowSink};
use crate::config::{DatabaseUrl, SqliteFile};
use crate::gate::{Authority, Gate, Via};
use crate::metrics::Metrics;
use crate::sql::{DbError, Result, Sql, Step};

/// From a call to its result, including the wait for a connection; a request has 5 s for all its calls.
pub(super) const CALL_WITHIN: Duration = Duration::from_secs(4);

/// How long a search may run. It has its own lane, in which others wait for it.
pub(super) const SEARCH_WITHIN: Duration = Duration::from_millis(1500);
/// A page of this many rows is read completely: summing up their texts would cost more than the longest of
/// them.
const FEW_ROWS: i64 = 25;
/// How long closing waits for work in progress.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);
/// The prefix of `textregexeq` patterns that makes the rest literal.
pub const LITERAL: &str = "***=";

/// The cost of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// It reads what an index finds.
    Quick,
    /// It scans all of a user's rows: one at a time per user, in a lane of its own.
    Search,
}

/// A handle on the database; clones share it.
#[derive(Clone, Debug)]
pub struct Database {
    engine: Arc<Backend>,
    searches: Arc<Turns>,
    metrics: Metrics,
}

#[derive(Debug)]
enum Backend {
    Sqlite(Box<Sqlite>),
    Postgres(Box<Postgres>),
}

impl Database {
    /// Opens the database with this URL.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::open_sqlite(path.clone()).await,
            DatabaseUrl::Postgres(url) => {
                let postgres = Box::new(Postgres::open(url).await?);
                Ok(Self::over(Backend::Postgres(postgres)))
            }
        }
    }

    /// The same without waiting for a PostgreSQL server: calls fail with `Away` until it is available.
    pub async fn open_lazily(url: &DatabaseUrl) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::open_sqlite(path.clone()).await,
            DatabaseUrl::Postgres(url) => {
                Ok(Self::over(Backend::Postgres(Box::new(Postgres::lazy(url)?))))
            }
        }
    }

    /// Prepares a statement without running it, in all forms in which it may be sent.
    pub async fn prepare(&self, sql: Sql) -> Result<()> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.prepare(sql).await,
            Backend::Postgres(postgres) => postgres.prepare(sql).await,
        }
    }

    /// Opens, and creates if absent, a SQLite file.
    pub async fn open_sqlite(file: impl Into<SqliteFile>) -> Result<Self> {
        let sqlite = Sqlite::open(file).await?;
        Ok(Self::over(Backend::Sqlite(Box::new(sqlite))))
    }

    fn over(engine: Backend) -> Self {
        let metrics = match &engine {
            Backend::Sqlite(sqlite) => sqlite.metrics.clone(),
            Backend::Postgres(postgres) => postgres.metrics.clone(),
        };
        Self { engine: Arc::new(engine), searches: Arc::default(), metrics }
    }

    /// The metrics of this database and everything that uses it.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The engine's name.
    pub fn engine_name(&self) -> &'static str {
        match *self.engine {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgresql",
        }
    }

    /// Accepts no more work, and leaves a SQLite database as a single file.
    pub async fn close(&self) {
        let engine = Arc::clone(&self.engine);
        let closed = tokio::task::spawn_blocking(move || match &*engine {
            Backend::Sqlite(sqlite) => sqlite.close(),
            Backend::Postgres(_) => {}
        });
        if tokio::time::timeout(CLOSE_WITHIN, closed).await.is_err() {
            tracing::warn!("the database was still at work when the server stopped");
        }
    }

    /// Rows of a statement that only reads.
    pub async fn query<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.query(step).await,
            Backend::Postgres(postgres) => postgres.query(step).await,
        }
    }

    /// Rows of a read-only statement that waits for no other work: for probes.
    pub(crate) async fn probe<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.query(step).await,
            Backend::Postgres(postgres) => postgres.probe(step).await,
        }
    }

    /// How often a connection was opened while there was none, including the first: how often a suspended
    /// database was woken. Always 0 on SQLite.
    pub fn wakes(&self) -> u64 {
        self.links().1
    }

    /// The number of open connections to a PostgreSQL server.
    pub fn open_connections(&self) -> u64 {
        self.links().0
    }

    /// Stops using the currently open connections; new ones are checked when opened.
    pub(crate) fn distrust(&self) {
        if let Backend::Postgres(postgres) = &*self.engine {
            postgres.distrust();
        }
    }

    fn links(&self) -> (u64, u64) {
        match &*self.engine {
            Backend::Sqlite(_) => (0, 0),
            Backend::Postgres(postgres) => postgres.connections(),
        }
    }

    /// Whether it is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(*self.engine, Backend::Postgres(_))
    }

    /// The first row of a statement that only reads.
    pub async fn find<T: FromRow>(&self, step: Step) -> Result<Option<T>> {
        Ok(self.query(step).await?.into_iter().next())
    }

    /// Runs the steps in one transaction and one round trip; returns the rows of each step. All or nothing.
    pub async fn write(&self, steps: Vec<Step>) -> Result<Vec<Vec<Row>>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.write(None, steps).await,
            Backend::Postgres(postgres) => postgres.write(None, steps).await,
        }
    }

    /// Runs one writing statement; returns the rows of its `RETURNING`.
    pub async fn execute<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        let rows = self.write(vec![step]).await?;
        only(&rows)
    }

    /// Reads as the gate's user: `SessionEnded` unless the session is live and its user active; row-level
    /// security only shows that user's rows.
    pub async fn read_as<T: FromRow>(&self, gate: Gate, step: Step) -> Result<Vec<T>> {
        let read = match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.read_as(gate, step).await,
            Backend::Postgres(postgres) => postgres.read_as(gate, step).await,
        };
        read.map_err(|error| closed(&gate, error))
    }

    /// Reads a page of at most `rows` rows as the gate's user: up to the row that makes their texts exceed
    /// [`crate::input::PAGE_BYTES`], unless there are few. The statement must be `weighed`, and its
    /// first column never null.
    pub async fn page_as<T: FromRow>(
        &self,
        gate: Gate,
        step: Step,
        rows: i64,
        effort: Effort,
    ) -> Result<Vec<T>> {
        self.page_into(gate, step, rows, effort, Vec::new()).await
    }

    /// The same, given to `into` row by row.
    pub async fn page_into<R: RowSink>(
        &self,
        gate: Gate,
        step: Step,
        rows: i64,
        effort: Effort,
        into: R,
    ) -> Result<R> {
        let whole = rows <= FEW_ROWS;
        let _turn = match effort {
            Effort::Quick => None,
            Effort::Search => Some(self.searches.take(gate.waits_as()).await?),
        };
        let read = match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.page_into(gate, step, whole, effort, into).await,
            Backend::Postgres(postgres) => {
                postgres.page_into(gate, step, whole, effort, into).await
            }
        };
        read.map_err(|error| closed(&gate, error))
    }

    /// Reads through this user's view, for the operator.
    pub async fn view_of<T: FromRow>(&self, user: Uuid, step: Step) -> Result<Vec<T>> {
        match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.query(step).await,
            Backend::Postgres(postgres) => postgres.view_of(user, step).await,
        }
    }

    /// Writes as the gate's user, with the same check as [`Database::read_as`], in one transaction.
    pub async fn write_as<T: FromRow>(&self, gate: Gate, step: Step) -> Result<Vec<T>> {
        let rows = self.write_all_as(gate, vec![step]).await?;
        only(&rows)
    }

    /// Several steps as the gate's user, in one transaction and one round trip.
    pub async fn write_all_as(&self, gate: Gate, steps: Vec<Step>) -> Result<Vec<Vec<Row>>> {
        let written = match &*self.engine {
            Backend::Sqlite(sqlite) => sqlite.write(Some(gate), steps).await,
            Backend::Postgres(postgres) => postgres.write(Some(gate), steps).await,
        };
        written.map_err(|error| closed(&gate, error))
    }

    /// Reads with this authority.
    pub async fn read_by<T: FromRow>(&self, authority: Authority, step: Step) -> Result<Vec<T>> {
        match authority {
            Authority::Caller(gate) => self.read_as(gate, step).await,
            Authority::Operator => self.query(step).await,
        }
    }

    /// Writes with this authority, in one transaction.
    pub async fn write_by(&self, authority: Authority, steps: Vec<Step>) -> Result<Vec<Vec<Row>>> {
        match authority {
            Authority::Caller(gate) => self.write_all_as(gate, steps).await,
            Authority::Operator => self.write(steps).await,
        }
    }
}

/// Why the caller was rejected.
fn closed(gate: &Gate, error: DbError) -> DbError {
    match (gate.via, error) {
        (Via::Key(_), DbError::SessionEnded) => DbError::KeyEnded,
        (_, error) => error,
    }
}

/// The rows of the only step.
fn only<T: FromRow>(rows: &[Vec<Row>]) -> Result<Vec<T>> {
    rows.iter().flatten().map(Row::read).collect()
}
