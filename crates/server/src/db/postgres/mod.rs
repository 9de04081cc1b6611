//! PostgreSQL: shared, pipelined connections in five lanes (reads and writes, each with and without row-level
//! security, so that a locked table only stops its own routes; and searches, which delay nobody else), and
//! one for probes. If the server allows too few connections, lanes lend each other theirs. Every call is one
//! round trip with a deadline. A read is repeated when its connection breaks; a write only if the server
//! provably did nothing, for example because its rows were locked.

mod attempt;
pub(crate) mod connect;
mod fault;
mod gather;
mod held;
pub(crate) mod isolation;
mod lane;
mod link;
pub(in crate::db) mod pooler;
mod query;
pub(in crate::db) mod row;
pub(in crate::db) mod tls;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Row as PgRow;
use uuid::Uuid;

use super::row::Source;
use crate::config::PostgresUrl;
use crate::db::database::{CALL_WITHIN, Effort};
use crate::db::postgres::attempt::Call;
use crate::db::postgres::connect::{CONNECT_WITHIN, Target};
pub(in crate::db) use crate::db::postgres::fault::failed;
use crate::db::postgres::lane::Lane;
use crate::db::postgres::query::{GatedRows, Query, SEARCH_LIMIT, VIEW_OF};
use crate::db::{Columns, FromRow, Row, RowSink};
use crate::gate::Gate;
use crate::metrics::{LaneLabel, Metrics};
use crate::sql::{DbError, Result, Sql, Step, Value};
use crate::step;

/// Long enough to learn why a connection fails.
const OPEN_WITHIN: Duration = CONNECT_WITHIN.saturating_add(Duration::from_secs(1));
const READ_LINKS: usize = 2;
/// Commits on one connection are serial, so writes need more connections; sessions as many as tasks, since at
/// busy times each client refreshes. They open only under load, and a server without room for all of them is
/// used with those it allows.
const WRITE_LINKS: usize = 32;
const SEARCH_LINKS: usize = 2;
const READ_QUEUE: usize = 1024;
const SEARCH_QUEUE: usize = 256;
/// How long a search waits for its own connection.
const SEARCH_LINK_WITHIN: Duration = Duration::from_secs(1);
const WRITE_QUEUE: usize = 512;
/// The queue of probes, which run one at a time.
const PROBE_QUEUE: usize = 16;

/// A PostgreSQL database.
#[derive(Debug)]
pub(in crate::db) struct Postgres {
    owned: Lanes,
    other: Lanes,
    searches: Lane,
    probes: Lane,
    pub(in crate::db) metrics: Metrics,
}

#[derive(Debug)]
struct Lanes {
    reads: Lane,
    writes: Lane,
}

impl Postgres {
    /// Connects once, so that a wrong URL is reported immediately.
    pub(in crate::db) async fn open(url: &PostgresUrl) -> Result<Self> {
        let this = Self::lazy(url)?;
        match this.other.reads.link(Instant::now() + OPEN_WITHIN).await {
            // The URL is right; each call reports what the database lacks.
            Ok(_) | Err(DbError::Unready(_)) => Ok(this),
            Err(why) => Err(why),
        }
    }

    /// Connects on the first call.
    pub(in crate::db) fn lazy(url: &PostgresUrl) -> Result<Self> {
        let target = Arc::new(Target::new(url)?);
        let lanes = |reads, writes| Lanes {
            reads: Lane::new(reads, Arc::clone(&target), READ_LINKS, READ_QUEUE),
            writes: Lane::new(writes, Arc::clone(&target), WRITE_LINKS, WRITE_QUEUE),
        };
        let owned = lanes(LaneLabel::OwnedReads, LaneLabel::OwnedWrites);
        let other = lanes(LaneLabel::Reads, LaneLabel::Writes);
        let lane = |label, links, queue| Lane::new(label, Arc::clone(&target), links, queue);
        let searches = lane(LaneLabel::Searches, SEARCH_LINKS, SEARCH_QUEUE);
        let probes = lane(LaneLabel::Probes, 1, PROBE_QUEUE);
        Ok(Self { owned, other, searches, probes, metrics: target.metrics.clone() })
    }

    /// The number of connections, and how often one was opened while there was none.
    pub(in crate::db) fn connections(&self) -> (u64, u64) {
        let open = self.probes.open_of_all();
        (open.count(), open.wakes())
    }

    /// Stops using all open connections.
    pub(in crate::db) fn distrust(&self) {
        self.probes.leave_all();
    }

    /// Prepares the statement without running it; a read also behind the gate.
    pub(in crate::db) async fn prepare(&self, sql: Sql) -> Result<()> {
        let link = self.lanes(sql).reads.link(Instant::now() + CALL_WITHIN).await?;
        if !link.is_named() {
            return Err(DbError::Internal(
                "the pooler in between cannot prepare statements".into(),
            ));
        }
        for query in Query::forms(sql) {
            link.prepare(&query).await.map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    pub(in crate::db) async fn query<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        let lane = &self.lanes(step.sql).reads;
        let work = Call::Read(Query::plain(step.sql, &step.params));
        let answers = self.run(lane, work, None).await?;
        answers.iter().flatten().map(|found| read(found, 0)).collect()
    }

    /// As [`Postgres::query`], without waiting for other work.
    pub(in crate::db) async fn probe<T: FromRow>(&self, step: Step) -> Result<Vec<T>> {
        let work = Call::Read(Query::plain(step.sql, &step.params));
        let answers = self.run(&self.probes, work, None).await?;
        answers.iter().flatten().map(|found| read(found, 0)).collect()
    }

    pub(in crate::db) async fn read_as<T: FromRow>(
        &self,
        gate: Gate,
        step: Step,
    ) -> Result<Vec<T>> {
        let lane = &self.lanes(step.sql).reads;
        let work = Call::Read(Query::gated(step, &gate, GatedRows::Any));
        let answers = self.run(lane, work, Some(gate.waits_as())).await?;
        self.behind_gate(gate, answers, GatedRows::Any, Vec::new()).await
    }

    pub(in crate::db) async fn page_into<R: RowSink>(
        &self,
        gate: Gate,
        step: Step,
        whole: bool,
        effort: Effort,
        into: R,
    ) -> Result<R> {
        let reads = &self.lanes(step.sql).reads;
        let rows = if whole { GatedRows::Page } else { GatedRows::UntilFull };
        let page = Query::gated(step, &gate, rows);
        let answers = match effort {
            Effort::Quick => self.run(reads, Call::Read(page), Some(gate.waits_as())).await?,
            Effort::Search => Box::pin(self.search(reads, page)).await?,
        };
        self.behind_gate(gate, answers, rows, into).await
    }

    /// Runs a search in its own lane. If the server allows no connection for that, in the read lane.
    async fn search(&self, reads: &Lane, page: Query<'_>) -> Result<Vec<Vec<PgRow>>> {
        let opened = self.searches.link(Instant::now() + SEARCH_LINK_WITHIN).await;
        let lane = if opened.is_ok() { &self.searches } else { reads };
        drop(opened);
        self.run(lane, Call::Search(vec![Query::plain(SEARCH_LIMIT, &[]), page]), None).await
    }

    /// The rows after the gate in the last result.
    async fn behind_gate<R: RowSink>(
        &self,
        gate: Gate,
        answers: Vec<Vec<PgRow>>,
        rows: GatedRows,
        mut into: R,
    ) -> Result<R> {
        let found = answers.into_iter().next_back().unwrap_or_default();
        let first = found.first().ok_or(DbError::SessionEnded)?;
        let confirmed = first.try_get(0).map_err(|error| failed(&error))?;
        self.confirm(&gate, confirmed).await;
        let is_empty = found.len() == 1 && Columns::of(Source::Postgres(first, 1)).is_null()?;
        let before = if rows == GatedRows::Any { 2 } else { 1 };
        for row in found.iter().filter(|_| !is_empty) {
            into.take(&mut Columns::of(Source::Postgres(row, before)))?;
        }
        Ok(into)
    }

    pub(in crate::db) async fn view_of<T: FromRow>(
        &self,
        user: Uuid,
        step: Step,
    ) -> Result<Vec<T>> {
        let steps = vec![step!(VIEW_OF { user: user.to_string() }), step];
        let rows = self.write(None, steps).await?;
        rows.last().into_iter().flatten().map(Row::read).collect()
    }

    pub(in crate::db) async fn write(
        &self,
        gate: Option<Gate>,
        steps: Vec<Step>,
    ) -> Result<Vec<Vec<Row>>> {
        let owned = steps.iter().any(|step| step.sql.is_owned);
        let lane = if owned { &self.owned.writes } else { &self.other.writes };
        let whose = gate.map(|gate| gate.waits_as()).or_else(|| first_id(&steps));
        let mut work = steps.iter().map(|step| Query::plain(step.sql, &step.params));
        let work = match (&gate, steps.len()) {
            (None, 0) => return Ok(Vec::new()),
            (None, 1) => Call::Write(Query::plain(steps[0].sql, &steps[0].params)),
            (None, _) => Call::Bundle(work.collect()),
            (Some(gate), _) => {
                let gates = std::iter::once(Query::gate(gate)).chain(Query::holds(gate));
                Call::Bundle(gates.chain(work.by_ref()).collect())
            }
        };
        let mut answers = self.run(lane, work, whose).await?;
        if let Some(gate) = &gate {
            let gates = 1 + usize::from(gate.permission.is_some());
            let live = answers.drain(..gates).next().unwrap_or_default();
            let confirmed = live.first().map_or(Ok(0), |row| row.try_get(0));
            self.confirm(gate, confirmed.map_err(|error| failed(&error))?).await;
        }
        answers.iter().map(|rows| rows.iter().map(|found| read(found, 0)).collect()).collect()
    }

    /// Records the first use of a generation, or of an API key in a minute. The work is done by now, so a
    /// failure is only logged: the next use records it.
    async fn confirm(&self, gate: &Gate, confirmed: i64) {
        if confirmed >= gate.generation {
            return;
        }
        let confirm = gate.first_use();
        let work = Call::Aside(Query::plain(confirm.sql, &confirm.params));
        let whose = Some(gate.session_id);
        if let Err(error) = Box::pin(self.run(&self.other.writes, work, whose)).await {
            tracing::warn!(%error, "the first use of a session could not be recorded");
        }
    }

    /// Statements on the owner's view have separate connections.
    fn lanes(&self, sql: Sql) -> &Lanes {
        if sql.is_owned { &self.owned } else { &self.other }
    }
}

/// The columns from `first` on.
fn read<T: FromRow>(row: &PgRow, first: usize) -> Result<T> {
    T::from_row(&mut Columns::of(Source::Postgres(row, first)))
}

/// The first id among the parameters of the steps: that of the user or row they concern.
fn first_id(steps: &[Step]) -> Option<Uuid> {
    steps.iter().flat_map(|step| &step.params).find_map(|value| match value {
        Value::Uuid(id) => Some(*id),
        _ => None,
    })
}
