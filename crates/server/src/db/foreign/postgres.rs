//! Reads another program's PostgreSQL database: one read-only transaction with one snapshot, a cursor per
//! statement, and everything as text with the simple protocol, so that no type is unknown.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::ForeignRow;
use crate::config::PostgresUrl;
use crate::db::postgres::connect::connect;
use crate::db::postgres::failed;
use crate::sql::Result;

/// Instants are ISO 8601 in UTC, whatever the login's settings. Reading may take long.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL datestyle = 'ISO, YMD'; \
    SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; \
    SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
    SET LOCAL client_encoding = 'UTF8'";
/// Tables in the search path first, as an application would find them.
pub(super) const TABLES: &str = "SELECT n.nspname, c.relname, a.attname, \
    format_type(a.atttypid, a.atttypmod), \
    CASE WHEN EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary \
        AND a.attnum = ANY (i.indkey)) THEN 1 ELSE 0 END \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' \
    AND n.nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(n.oid, 'USAGE') \
    AND has_column_privilege(c.oid, a.attnum, 'SELECT') \
    ORDER BY n.nspname <> ALL (current_schemas(false)), n.nspname, c.relname, a.attnum";

#[derive(Debug)]
pub(super) struct ForeignPostgres {
    client: Client,
}

impl ForeignPostgres {
    pub(super) async fn open(url: &PostgresUrl) -> Result<Self> {
        let client = connect(url).await?;
        client.batch_execute(BEGIN).await.map_err(|error| failed(&error))?;
        Ok(Self { client })
    }

    pub(super) async fn rows(&mut self, sql: &str) -> Result<Vec<ForeignRow>> {
        let messages = self.client.simple_query(sql).await.map_err(|error| failed(&error))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    pub(super) async fn scan(&mut self, sql: &str) -> Result<()> {
        let declare = format!("DECLARE scan NO SCROLL CURSOR FOR {sql}");
        self.rows(&declare).await.map(drop)
    }

    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<ForeignRow>> {
        let found = self.rows(&format!("FETCH {most} FROM scan")).await?;
        if found.is_empty() {
            self.rows("CLOSE scan").await?;
        }
        Ok(found)
    }
}
