//! Reads another program's SQLite file: opened read-only, on a thread that returns batches on demand.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

use super::ForeignRow;
use crate::config::SqliteTuning;
use crate::db::sqlite::open::{Access, connect, sentence};
use crate::db::sqlite::row::failed;
use crate::sql::{DbError, Result};

pub(super) const TABLES: &str = "SELECT '', m.name, p.name, p.type, p.pk > 0 \
    FROM sqlite_master m JOIN pragma_table_info(m.name) p \
    WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    ORDER BY m.name, p.cid";
/// Rows per message between the threads.
const MESSAGE: usize = 500;

/// One connection, and so one snapshot, for all reads; during a scan, its thread owns it.
pub(super) struct ForeignSqlite {
    path: PathBuf,
    connection: Option<Connection>,
    scan: Option<Receiver<Scanned>>,
}

/// What the thread returns.
enum Scanned {
    Rows(Vec<ForeignRow>),
    Failed(DbError),
    /// The end: the connection is returned.
    Ended(Connection),
}

impl std::fmt::Debug for ForeignSqlite {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ForeignSqlite({})", self.path.display())
    }
}

impl ForeignSqlite {
    pub(super) fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(DbError::Away(format!("There is no file {}.", path.display())));
        }
        let connection = connect(path, Access::Read, SqliteTuning::default())
            .map_err(|error| sentence(path, &error))?;
        connection.execute_batch("BEGIN").map_err(failed)?;
        Ok(Self { path: path.to_owned(), connection: Some(connection), scan: None })
    }

    /// Reads with this connection, which is in a transaction.
    pub(super) fn over(connection: Connection) -> Self {
        Self { path: PathBuf::new(), connection: Some(connection), scan: None }
    }

    pub(super) fn rows(&self, sql: &str) -> Result<Vec<ForeignRow>> {
        let connection = self.connection.as_ref().ok_or_else(occupied)?;
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            found.push(texts(row)?);
        }
        Ok(found)
    }

    pub(super) fn scan(&mut self, sql: &str) -> Result<()> {
        let connection = self.connection.take().ok_or_else(occupied)?;
        let sql = sql.to_owned();
        let (sender, receiver) = channel(4);
        std::thread::Builder::new()
            .name("sqlite-source".into())
            .spawn(move || {
                let send = |batch| sender.blocking_send(Scanned::Rows(batch)).is_ok();
                let last = match read(&connection, &sql, send) {
                    Ok(()) => Scanned::Ended(connection),
                    Err(error) => Scanned::Failed(error),
                };
                let _ = sender.blocking_send(last);
            })
            .map_err(|error| DbError::Away(error.to_string()))?;
        self.scan = Some(receiver);
        Ok(())
    }

    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<ForeignRow>> {
        let mut found = Vec::new();
        while let Some(scan) = &mut self.scan
            && found.len() < most
        {
            match scan.recv().await {
                Some(Scanned::Rows(batch)) => found.extend(batch),
                Some(Scanned::Failed(error)) => return Err(error),
                Some(Scanned::Ended(connection)) => {
                    (self.connection, self.scan) = (Some(connection), None);
                }
                None => return Err(occupied()),
            }
        }
        Ok(found)
    }
}

fn occupied() -> DbError {
    DbError::Internal("the file is being read by another statement".into())
}

fn read(connection: &Connection, sql: &str, send: impl Fn(Vec<ForeignRow>) -> bool) -> Result<()> {
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut batch = Vec::with_capacity(MESSAGE);
    while let Some(row) = rows.next().map_err(failed)? {
        batch.push(texts(row)?);
        if batch.len() == MESSAGE && !send(std::mem::take(&mut batch)) {
            return Ok(());
        }
    }
    send(batch);
    Ok(())
}

fn texts(row: &Row<'_>) -> Result<ForeignRow> {
    let columns = row.as_ref().column_count();
    (0..columns).map(|column| row.get_ref(column).map(text).map_err(failed)).collect()
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(match Uuid::from_slice(bytes) {
            Ok(id) => id.hyphenated().to_string(),
            Err(_) => String::from_utf8_lossy(bytes).into_owned(),
        }),
    }
}
