//! Bulk writes: rows by the thousand go into temporary tables first (by `COPY` on PostgreSQL), and from there
//! statements that both engines share take them over, all in one transaction. It has a connection of its
//! own and no deadline, for commands that move data; servers never use it.

mod postgres;
mod sqlite;

use crate::config::DatabaseUrl;
use crate::db::Row;
use crate::sql::{Result, Step, Value};
use postgres::BulkPostgres;
use sqlite::BulkSqlite;

/// What a temporary table is made of.
#[derive(Debug)]
pub struct Staging {
    /// Its name, which no table of the schema has.
    pub name: &'static str,
    /// Its columns; the first ones are filled, in this order.
    pub columns: &'static [(&'static str, StagedKind)],
    /// How many of them are filled; statements fill the others.
    pub filled: usize,
    /// What is unique in it, for the index that joins need.
    pub key: &'static str,
}

/// The kind of a temporary column.
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
    /// Where they go.
    pub staging: &'static Staging,
    /// The values of its filled columns.
    pub rows: Vec<Vec<Value>>,
}

/// What becomes of a transaction that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is kept.
    Commit,
    /// It is taken back: a rehearsal.
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
    /// Connects to a database that has its schema. `Unready` where row-level security would hide the
    /// tasks from this login.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        Ok(Self(match url {
            DatabaseUrl::Sqlite(path) => BulkEngine::Sqlite(BulkSqlite::open(path)?),
            DatabaseUrl::Postgres(url) => BulkEngine::Postgres(BulkPostgres::open(url).await?),
        }))
    }

    /// Fills the temporary tables and runs the steps, in one transaction; the rows of each step.
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
    /// The statement that makes it. `end` is what the engine says of its life.
    fn create(&self, end: &str) -> String {
        let columns: Vec<_> =
            self.columns.iter().map(|(name, kind)| format!("{name} {}", kind.sql())).collect();
        let columns = columns.join(", ");
        format!(
            "CREATE TEMP TABLE IF NOT EXISTS {} ({columns}, PRIMARY KEY ({})){end}",
            self.name, self.key
        )
    }

    /// The names of the filled columns.
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
