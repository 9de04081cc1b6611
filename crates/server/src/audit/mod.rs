//! The audit log: who did what to whom, from where, and with which outcome. Work that writes appends its
//! record in its own transaction ([`Audit::commit`]), so there is a record if and only if the work was
//! committed. Work that writes nothing, such as a rejected sign-in, uses a bounded lane ([`Audit::note`])
//! that neither delays nor fails requests. Each event is also logged by the process.

mod event;
mod folded;
mod lane;
mod list;
mod store;

pub use event::{Event, Outcome, Record};
pub use list::{AuditFilter, Entry};
pub use store::STATEMENTS;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::crypto::Random;
use crate::db::{Database, Row, in_batches};
use crate::error::Error;
use crate::gate::{Authority, Gate};
use crate::input::Origin;
use crate::metrics::EndCause;
use crate::sql::{Result, Step};
use folded::Folded;
use lane::RecordLane;

/// The prefix of the client in records of the command line, followed by the operator's name.
pub(crate) const OPERATOR: &str = "doorward run by ";

/// Who acts, with which authority, from where.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What the database checks.
    pub authority: Authority,
    /// Where the request came from.
    pub origin: Origin,
}

impl Actor {
    /// The holder of an access token.
    pub fn caller(gate: Gate, origin: Origin) -> Self {
        Self { authority: Authority::Caller(gate), origin }
    }

    /// The user of the command line.
    pub fn operator() -> Self {
        Self { authority: Authority::Operator, origin: Origin::default() }
    }

    /// The origin as shown to the account's owner: without the operator's location.
    pub fn origin_for_owner(&self) -> Origin {
        match self.authority {
            Authority::Caller(_) => self.origin.clone(),
            Authority::Operator => Origin::default(),
        }
    }

    /// The same with the name from the environment.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let client = format!("{OPERATOR}{name}");
        Self { origin: Origin::new(None, Some(&client), None), ..self }
    }
}

/// Writes and reads the audit log; clones share the lane.
#[derive(Clone, Debug)]
pub struct Audit {
    db: Database,
    clock: Clock,
    random: Random,
    retention: Option<Duration>,
    lane: Arc<RecordLane>,
    folded: Arc<Folded>,
}

impl Audit {
    /// The log of this database; records older than `retention` are removed periodically.
    pub fn new(db: Database, clock: Clock, random: Random, retention: Option<Duration>) -> Self {
        Self { db, clock, random, retention, lane: Arc::default(), folded: Arc::default() }
    }

    /// Does the work and appends its records in one transaction; returns the rows of the work's steps.
    pub async fn commit(
        &self,
        authority: Authority,
        mut steps: Vec<Step>,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Vec<Vec<Row>>> {
        let records: Vec<Record> = records.into_iter().collect();
        let work = steps.len();
        steps.extend(records.iter().map(|record| self.step(record.clone())));
        let mut rows = self.db.write_by(authority, steps).await?;
        rows.truncate(work);
        for record in &records {
            self.say(record);
        }
        self.prune_daily();
        Ok(rows)
    }

    /// The same for work without a session: sign-in, registration.
    pub async fn write(&self, steps: Vec<Step>, record: Record) -> Result<Vec<Vec<Row>>> {
        self.commit(Authority::Operator, steps, [record]).await
    }

    /// The step that appends a record, for transactions assembled elsewhere.
    fn step(&self, record: Record) -> Step {
        let now = self.clock.now();
        store::insert(self.random.id(now), now, record)
    }

    /// Appends the record soon, without delaying the request. If the lane is full, the record is only in the
    /// process log, which says so. Repeated rejections are counted instead.
    pub fn note(&self, record: Record) {
        self.say(&record);
        let now = self.clock.now();
        self.put_counts(self.folded.due(now));
        if let Some(record) = self.folded.take(record, now) {
            self.lane.put(self, self.step(record));
        }
        self.prune_daily();
    }

    /// Logs and counts a record.
    fn say(&self, record: &Record) {
        record.log();
        let Some(meters) = self.db.metrics().on() else { return };
        meters.events.one(record.event as usize, record.outcome as usize);
        let cause = match (record.event, record.outcome) {
            (Event::Logout | Event::SessionEnd, Outcome::Success) => EndCause::Owner,
            (Event::SessionsRevoke | Event::SessionsRevokeAll, Outcome::Success) => {
                EndCause::Administrator
            }
            (Event::RefreshReuse, _) => EndCause::Reuse,
            _ => return,
        };
        meters.sessions_ended.one(cause as usize);
    }

    /// Waits until everything noted so far is stored or given up.
    pub async fn flush(&self) {
        self.put_counts(self.folded.all());
        self.lane.flush().await;
    }

    fn put_counts(&self, counts: Vec<Record>) {
        for record in counts {
            self.lane.put(self, self.step(record));
        }
    }

    /// Removes records older than the retention time; returns their number.
    pub async fn prune(&self) -> std::result::Result<usize, Error> {
        let Some(retention) = self.retention else { return Ok(0) };
        let horizon = self.clock.now() - retention;
        let removed = in_batches(|limit| store::delete_past(&self.db, horizon, limit)).await?;
        if removed > 0 {
            let record = Record::of_server(Event::AuditPrune).detail(format!("{removed} records"));
            self.say(&record);
            self.db.write(vec![self.step(record)]).await?;
        }
        Ok(removed)
    }

    /// Asks the lane to prune, at most once a day and only while there are events, so that an idle server
    /// does not wake a suspended database.
    fn prune_daily(&self) {
        if self.retention.is_some() && self.lane.is_due(self.clock.now()) {
            self.lane.prune(self);
        }
    }
}
