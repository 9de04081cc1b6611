//! Reads databases of other programs, without writing: their tables, and the rows of a statement for them, as
//! text in batches. All of a reader's statements share one snapshot. Doorward's own database is read like
//! this too for complete exports.

mod dump;
mod postgres;
mod sqlite;

use crate::config::DatabaseUrl;
use crate::sql::Result;
pub use dump::ForeignDump;
use postgres::ForeignPostgres;
use sqlite::ForeignSqlite;

/// A table or view, with the columns that are visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignTable {
    /// The schema; empty in SQLite.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<ForeignColumn>,
}

/// A column of such a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignColumn {
    /// Its name.
    pub name: String,
    /// The declared type.
    pub kind: String,
    /// Whether it is part of the primary key.
    pub is_key: bool,
}

/// A row: the text of each column.
pub type ForeignRow = Vec<Option<String>>;

/// A reader with its snapshot.
#[derive(Debug)]
pub struct ForeignDatabase(ForeignEngine);

#[derive(Debug)]
enum ForeignEngine {
    Sqlite(ForeignSqlite),
    /// The rows of a PostgreSQL dump.
    Dump(ForeignSqlite),
    Postgres(ForeignPostgres),
}

impl ForeignDatabase {
    /// Opens a read-only connection.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        Ok(Self(match url {
            DatabaseUrl::Sqlite(path) => ForeignEngine::Sqlite(ForeignSqlite::open(path)?),
            DatabaseUrl::Postgres(url) => {
                ForeignEngine::Postgres(ForeignPostgres::open(url).await?)
            }
        }))
    }

    /// The wanted tables of a dump. The error is one sentence.
    pub fn of_dump(
        dump: &ForeignDump,
        is_wanted: &dyn Fn(&ForeignTable) -> bool,
    ) -> std::result::Result<Self, String> {
        let connection = dump.load(is_wanted)?;
        Ok(Self(ForeignEngine::Dump(ForeignSqlite::over(connection))))
    }

    /// Whether it is SQLite, which has no types for ids and instants.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0, ForeignEngine::Sqlite(_))
    }

    /// The readable tables and views.
    pub async fn tables(&mut self) -> Result<Vec<ForeignTable>> {
        let rows = match &mut self.0 {
            ForeignEngine::Sqlite(sqlite) | ForeignEngine::Dump(sqlite) => {
                sqlite.rows(sqlite::TABLES)?
            }
            ForeignEngine::Postgres(postgres) => postgres.rows(postgres::TABLES).await?,
        };
        let mut tables: Vec<ForeignTable> = Vec::new();
        for row in rows {
            let mut cells = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || cells.next().unwrap_or_default();
            let (schema, name) = (next(), next());
            let column = ForeignColumn { name: next(), kind: next(), is_key: next() == "1" };
            match tables.last_mut().filter(|last| last.schema == schema && last.name == name) {
                Some(last) => last.columns.push(column),
                None => tables.push(ForeignTable { schema, name, columns: vec![column] }),
            }
        }
        Ok(tables)
    }

    /// All rows of a statement, if there are few.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<ForeignRow>> {
        match &mut self.0 {
            ForeignEngine::Sqlite(sqlite) | ForeignEngine::Dump(sqlite) => sqlite.rows(sql),
            ForeignEngine::Postgres(postgres) => postgres.rows(sql).await,
        }
    }

    /// Starts reading the rows of this statement, which [`ForeignDatabase::next`] returns.
    pub async fn scan(&mut self, sql: &str) -> Result<()> {
        match &mut self.0 {
            ForeignEngine::Sqlite(sqlite) | ForeignEngine::Dump(sqlite) => sqlite.scan(sql),
            ForeignEngine::Postgres(postgres) => postgres.scan(sql).await,
        }
    }

    /// The next rows, at most `most`; none at the end.
    pub async fn next(&mut self, most: usize) -> Result<Vec<ForeignRow>> {
        match &mut self.0 {
            ForeignEngine::Sqlite(sqlite) | ForeignEngine::Dump(sqlite) => sqlite.next(most).await,
            ForeignEngine::Postgres(postgres) => postgres.next(most).await,
        }
    }
}
