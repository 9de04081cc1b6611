//! One call: retried on another connection if the first one broke, and again a little later if others hold a
//! lock that it needs.

use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row as PgRow;
use uuid::Uuid;

use crate::db::counted::CountedCall;
use crate::db::database::CALL_WITHIN;
use crate::db::postgres::Postgres;
use crate::db::postgres::fault::Fault;
use crate::db::postgres::lane::{Lane, Opening};
use crate::db::postgres::link::{InUse, Link};
use crate::db::postgres::query::Query;
use crate::patience::Wait;
use crate::sql::{DbError, Result};

/// Each lost connection is discovered by a call: both of the read lane's, and then a new one.
const ATTEMPTS: usize = 3;

/// What a call sends.
pub(super) enum Call<'a> {
    /// A statement that can be repeated.
    Read(Query<'a>),
    /// A read-only transaction that can be repeated.
    Search(Vec<Query<'a>>),
    /// A statement in its own transaction.
    Write(Query<'a>),
    /// A transaction.
    Bundle(Vec<Query<'a>>),
    /// A write that waits for no lock: it is done at another time then.
    Aside(Query<'a>),
}

/// Why an attempt had no result.
enum Failure {
    /// The connection or the server reported an error.
    Fault(Fault),
    /// There is no connection, or no time.
    Last(DbError),
}

impl Postgres {
    /// Sends the work until there is a result; `whose` it is, so that work waiting for locks is recognized.
    /// Rare paths are boxed here and below, so that the future of a plain read stays small: each request
    /// allocates and moves one.
    pub(super) async fn run(
        &self,
        lane: &Lane,
        work: Call<'_>,
        whose: Option<Uuid>,
    ) -> Result<Vec<Vec<PgRow>>> {
        let call = CountedCall::begin(&self.metrics, lane.label);
        let answer = self.run_uncounted(lane, work, whose).await;
        call.end(&answer);
        answer
    }

    async fn run_uncounted(
        &self,
        lane: &Lane,
        work: Call<'_>,
        whose: Option<Uuid>,
    ) -> Result<Vec<Vec<PgRow>>> {
        let _place = lane.admit()?;
        let wait = Wait::begin(CALL_WITHIN);
        let deadline = wait.until();
        if lane.held.is_known(whose) {
            let unasked = DbError::Away("its rows are locked by others".into());
            return Box::pin(self.run_held(lane, &work, whose, deadline, unasked)).await;
        }
        match self.run_now(lane, &work, deadline).await {
            Err(Failure::Fault(fault)) if fault.is_held() => {
                lane.held.met(whose);
                Box::pin(self.run_held(lane, &work, whose, deadline, fault.into())).await
            }
            Err(Failure::Fault(fault)) => Err(work.failed(fault)),
            Err(Failure::Last(why)) => Err(why),
            Ok(rows) => Ok(rows),
        }
    }

    /// Retries work that met a lock until it meets none, or fails with `why`.
    async fn run_held(
        &self,
        lane: &Lane,
        work: &Call<'_>,
        whose: Option<Uuid>,
        deadline: Instant,
        mut why: DbError,
    ) -> Result<Vec<Vec<PgRow>>> {
        let waits = !matches!(work, Call::Aside(_));
        let Some(mut held) = lane.held.enter(deadline).filter(|_| waits) else { return Err(why) };
        while held.again(lane.open_links()).await {
            match self.run_now(lane, work, deadline).await {
                Err(Failure::Fault(fault)) if fault.is_held() => {
                    lane.held.met(whose);
                    why = fault.into();
                }
                Err(Failure::Fault(fault)) => return Err(work.failed(fault)),
                Err(Failure::Last(why)) => return Err(why),
                Ok(rows) => {
                    lane.held.passed(whose);
                    return Ok(rows);
                }
            }
        }
        Err(why)
    }

    /// Sends the work, also on another connection if the first one broke.
    async fn run_now(
        &self,
        lane: &Lane,
        work: &Call<'_>,
        deadline: Instant,
    ) -> std::result::Result<Vec<Vec<PgRow>>, Failure> {
        let mut attempt = 1;
        loop {
            let link = match lane.choose() {
                Ok(link) => link,
                Err(opening) => Box::pin(self.link_after(lane, opening, deadline))
                    .await
                    .map_err(Failure::Last)?,
            };
            let Ok(answer) = timeout_at(deadline, work.send(&link)).await else {
                link.missed_deadline();
                return Err(Failure::Last(work.unknown("no response in time".into())));
            };
            match answer {
                Ok(rows) => {
                    link.answered();
                    return Ok(rows);
                }
                Err(fault) => {
                    fault.settle(&link);
                    if fault.is_held() {
                        link.answered();
                    }
                    if attempt == ATTEMPTS || !work.may_repeat(&fault) {
                        return Err(Failure::Fault(fault));
                    }
                    attempt += 1;
                }
            }
        }
    }

    /// The connection that the lane is opening, or another lane's if it cannot open one: a server may allow a
    /// login only three.
    async fn link_after(&self, lane: &Lane, opening: Opening, deadline: Instant) -> Result<InUse> {
        if lane.is_failing()
            && let Some(lent) = self.lent(lane)
        {
            return Ok(lent);
        }
        match lane.link_after(opening, deadline).await {
            Err(why) => self.lent(lane).ok_or(why),
            link => link,
        }
    }

    fn lent(&self, to: &Lane) -> Option<InUse> {
        let Self { owned, other, probes, .. } = self;
        let lanes = [&other.writes, &owned.writes, &other.reads, &owned.reads, probes];
        lanes.into_iter().find_map(|lane| lane.lend(to.label))
    }
}

impl Call<'_> {
    async fn send(&self, link: &Link) -> std::result::Result<Vec<Vec<PgRow>>, Fault> {
        match self {
            Self::Write(query) | Self::Aside(query) if !link.limits_locks() => {
                Box::pin(link.transact(std::slice::from_ref(query))).await
            }
            Self::Read(query) | Self::Write(query) | Self::Aside(query) => {
                link.ask(query).await.map(|rows| vec![rows])
            }
            Self::Search(queries) | Self::Bundle(queries) => Box::pin(link.transact(queries)).await,
        }
    }

    fn may_repeat(&self, fault: &Fault) -> bool {
        fault.is_undone() || (matches!(self, Self::Read(_) | Self::Search(_)) && fault.is_lost())
    }

    /// There is no response: nothing happened for a read, but a write may have been done.
    fn unknown(&self, why: String) -> DbError {
        match self {
            Self::Read(_) | Self::Search(_) => DbError::Away(why),
            Self::Write(_) | Self::Bundle(_) | Self::Aside(_) => DbError::Unconfirmed(why),
        }
    }

    fn failed(&self, fault: Fault) -> DbError {
        if fault.is_lost() && !fault.is_undone() {
            return self.unknown(fault.to_string());
        }
        fault.into()
    }
}
