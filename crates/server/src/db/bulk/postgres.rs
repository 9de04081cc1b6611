//! Bulk writes on PostgreSQL: `COPY … BINARY` into temporary tables that are dropped with the transaction, so
//! that a pooler may be in between.

use std::pin::pin;

use tokio_postgres::Client;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use super::{Ending, Load, StagedKind};
use crate::config::PostgresUrl;
use crate::db::postgres::connect::connect;
use crate::db::postgres::failed;
use crate::db::row::Source;
use crate::db::{Columns, FromRow, Row};
use crate::sql::{DbError, Result, Step};

/// There are no statistics for the temporary tables, and too few for tables that are being filled: the
/// planner would read whole tables for each batch. All look-ups here have an index.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL enable_hashjoin = off; \
    SET LOCAL enable_mergejoin = off";
const HIDDEN: &str = "SELECT CASE WHEN row_security_active('tasks') THEN 1 END";

#[derive(Debug)]
pub(super) struct BulkPostgres {
    client: Client,
}

impl BulkPostgres {
    pub(super) async fn open(url: &PostgresUrl) -> Result<Self> {
        let client = connect(url).await?;
        let hidden = client.query_one(HIDDEN, &[]).await.map_err(|error| failed(&error))?;
        if hidden.get::<_, Option<i32>>(0).is_some() {
            return Err(DbError::Unready(
                "row-level security hides the tasks from this login: use the login that ran \
                 `doorward db migrate`, which owns the tables"
                    .into(),
            ));
        }
        Ok(Self { client })
    }

    pub(super) async fn run(
        &mut self,
        loads: &[Load],
        steps: &[Step],
        ending: Ending,
    ) -> Result<Vec<Vec<Row>>> {
        match self.work(loads, steps).await {
            Ok(rows) => {
                let end = if ending == Ending::Commit { "COMMIT" } else { "ROLLBACK" };
                self.client.batch_execute(end).await.map_err(|error| failed(&error))?;
                Ok(rows)
            }
            Err(error) => {
                // If the connection is gone, so is its transaction.
                let _ = self.client.batch_execute("ROLLBACK").await;
                Err(failed(&error))
            }
        }
    }

    async fn work(
        &self,
        loads: &[Load],
        steps: &[Step],
    ) -> std::result::Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        let creates = loads.iter().map(|load| load.staging.create(" ON COMMIT DROP"));
        let begin: Vec<_> = std::iter::once(BEGIN.to_owned()).chain(creates).collect();
        self.client.batch_execute(&begin.join("; ")).await?;
        for load in loads {
            self.copy(load).await?;
        }
        let mut all = Vec::with_capacity(steps.len());
        for step in steps {
            let params: Vec<&(dyn ToSql + Sync)> =
                step.params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
            let found = self.client.query(step.sql.postgres, &params).await?;
            let rows =
                found.iter().map(|row| Row::from_row(&mut Columns::of(Source::Postgres(row, 0))));
            all.push(rows.collect::<Result<_>>().unwrap_or_default());
        }
        Ok(all)
    }

    async fn copy(&self, load: &Load) -> std::result::Result<(), tokio_postgres::Error> {
        let staging = load.staging;
        let copy = format!("COPY {} ({}) FROM STDIN BINARY", staging.name, staging.names());
        let kinds: Vec<Type> = staging
            .columns
            .iter()
            .take(staging.filled)
            .map(|(_, kind)| kind.of_postgres())
            .collect();
        let sink = self.client.copy_in(&copy).await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &kinds));
        for row in &load.rows {
            writer.as_mut().write_raw(row.iter()).await?;
        }
        writer.finish().await.map(drop)
    }
}

impl StagedKind {
    fn of_postgres(self) -> Type {
        match self {
            Self::Bool => Type::BOOL,
            Self::Int => Type::INT8,
            Self::Text => Type::TEXT,
            Self::Uuid => Type::UUID,
            Self::Time => Type::TIMESTAMPTZ,
            Self::Bytes => Type::BYTEA,
        }
    }
}
