//! Bulk writes: thousands of rows are first loaded into temporary tables (by `COPY` on PostgreSQL), then
//! moved by statements common to both engines, in one transaction. Uses a separate connection without a
//! deadline, for commands that move data; not used by servers.

mod postgres;
mod sqlite;

use crate::config::DatabaseUrl;
use crate::db::Row;
use crate::sql::{Result, Step, Value};
use postgres::BulkPostgres;
use sqlite::BulkSqlite;

/// The definition of a temporary table.
#[derive(Debug)]
pub struct Staging {
    /// Its name, unlike that of any table in the schema.
    pub name: &'static str,
    /// Its columns; the first ones are loaded, in this order.
    pub columns: &'static [(&'static str, StagedKind)],
    /// How many of them are loaded; statements fill the others.
    pub filled: usize,
    /// Its unique key, for the index that joins need.
    pub key: &'static str,
}

/// The type of a temporary column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StagedKind {
    /// `BOOLEAN`.
    Bool,
    /// `BIGINT`.
    Int,
    /// `TEXT`.
    Text,
    /// `UUID`.
    Uuid,
    /// `TIMESTAMPTZ`.
    Time,
    /// `BYTEA`.
    Bytes,
}

/// Rows for one temporary table.
#[derive(Debug)]
pub struct Load {
    /// The table.
    pub staging: &'static Staging,
    /// The values of its loaded columns.
    pub rows: Vec<Vec<Value>>,
}

/// How a successful transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Commit.
    Commit,
    /// Roll back, for a dry run.
    Rollback,
}

/// A connection for bulk writes.
#[derive(Debug)]
pub struct Bulk(BulkEngine);

#[derive(Debug)]
enum BulkEngine {
    Sqlite(BulkSqlite),
    Postgres(BulkPostgres),
}

impl Bulk {
    /// Connects to a database with its schema. `Unready` if row-level security would hide tasks from this
    /// login.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        Ok(Self(match url {
            DatabaseUrl::Sqlite(path) => BulkEngine::Sqlite(BulkSqlite::open(path)?),
            DatabaseUrl::Postgres(url) => BulkEngine::Postgres(BulkPostgres::open(url).await?),
        }))
    }

    /// Loads the temporary tables and runs the steps, in one transaction; returns the rows of each step.
    pub async fn run(
        &mut self,
        loads: &[Load],
        steps: &[Step],
        ending: Ending,
    ) -> Result<Vec<Vec<Row>>> {
        match &mut self.0 {
            BulkEngine::Sqlite(sqlite) => {
                tokio::task::block_in_place(|| sqlite.run(loads, steps, ending))
            }
            BulkEngine::Postgres(postgres) => postgres.run(loads, steps, ending).await,
        }
    }
}

impl Staging {
    /// The statement that creates it. `end` is the engine's clause for its lifetime.
    fn create(&self, end: &str) -> String {
        let columns: Vec<_> =
            self.columns.iter().map(|(name, kind)| format!("{name} {}", kind.sql())).collect();
        let columns = columns.join(", ");
        format!(
            "CREATE TEMP TABLE IF NOT EXISTS {} ({columns}, PRIMARY KEY ({})){end}",
            self.name, self.key
        )
    }

    /// The names of the loaded columns.
    fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().take(self.filled).map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

impl StagedKind {
    fn sql(self) -> &'static str {
        match self {
            Self::Bool => "BOOLEAN",
            Self::Int => "BIGINT",
            Self::Text => "TEXT",
            Self::Uuid => "UUID",
            Self::Time => "TIMESTAMPTZ",
            Self::Bytes => "BYTEA",
        }
    }
}
