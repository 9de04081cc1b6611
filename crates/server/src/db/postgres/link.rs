//! One shared PostgreSQL connection on which many callers pipeline statements. Invariants: the messages of a
//! bundle (`BEGIN`, gate, steps, `COMMIT`) are enqueued together under `turn`, and every other message takes
//! `turn` too, so that nothing of one caller ends up in another's transaction; if a part cannot be encoded,
//! `COMMIT` becomes `ROLLBACK`; nothing is ever cancelled, because a cancel would hit whichever statement is
//! running.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{MaybeDone, maybe_done, try_join_all};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row as PgRow, Statement};

use super::{lane, row};
use crate::db::postgres::connect::{OpenLinks, Target};
use crate::db::postgres::fault::Fault;
use crate::db::postgres::pooler::{FirstLook, LIMITED_BEGIN};
use crate::db::postgres::query::{Form, Query};
use crate::metrics::{Connecting, Holding, LaneLabel, Metrics};
use crate::sql::{DbError, TextPlace};

/// Without a response for this long, a connection is avoided if there is another.
const STALLED: Duration = Duration::from_millis(200);
/// Without a response for this long, a connection that missed a deadline is dropped.
const LOST: Duration = Duration::from_secs(1);

/// How long a connection to a read-only server serves reads: then there may be another server.
const READ_ONLY_FOR: Duration = Duration::from_secs(1);

const TERMINATED: SqlState = SqlState::ADMIN_SHUTDOWN;

/// A connection and its state.
pub(in crate::db) struct Link {
    client: Client,
    driver: AbortHandle,
    look: FirstLook,
    /// The database's turn when it was opened, and the current one.
    opened_at_turn: u64,
    turns: Arc<AtomicU64>,
    open: Arc<OpenLinks>,
    statements: Mutex<HashMap<(TextPlace, Form), Statement>>,
    turn: Mutex<()>,
    in_flight: AtomicUsize,
    opened: Instant,
    answered: AtomicU64,
    closed: AtomicBool,
    goes_gently: AtomicBool,
    /// Notified when it is lost.
    metrics: Metrics,
    label: LaneLabel,
    _counted: Option<Holding>,
}

type Reply = Result<Vec<PgRow>, Error>;
type Part<'a> = MaybeDone<Pin<Box<dyn Future<Output = Reply> + Send + 'a>>>;

impl Link {
    /// Connects, detects poolers, and rejects what this lane cannot use.
    pub(in crate::db) async fn open(target: &Target, label: LaneLabel) -> Result<Self, DbError> {
        let turns = target.turns();
        let opened_at_turn = turns.load(Ordering::Acquire);
        let (client, driver, look) = target.connect_and_look().await?;
        if let Some(why) = target.refusal(look, label) {
            return Err(why);
        }
        let open = target.open_links();
        let woke = open.opened();
        let metrics = target.metrics.clone();
        let counted = counted(&metrics, label, woke);
        Ok(Self {
            open,
            client,
            driver,
            look,
            opened_at_turn,
            turns,
            statements: Mutex::default(),
            turn: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            opened: Instant::now(),
            answered: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            goes_gently: AtomicBool::new(false),
            metrics,
            label,
            _counted: counted,
        })
    }

    /// One statement in its own transaction: one message, one round trip.
    pub(in crate::db) async fn ask(&self, query: &Query<'_>) -> Result<Vec<PgRow>, Fault> {
        let statement = self.prepared(query).await.map_err(Fault::undone)?;
        let mut answer = pin!(maybe_done(self.send(query, statement.as_ref())));
        self.enqueue(|context| {
            let _ = answer.as_mut().poll(context);
        })
        .await;
        let unsent = matches!(answer.as_mut().output_mut(), Some(Err(_)));
        answer.as_mut().await;
        match answer.take_output() {
            Some(Ok(rows)) => Ok(rows),
            Some(Err(error)) if unsent => Err(Fault::undone(error)),
            Some(Err(error)) => Err(Fault::sent(error)),
            None => Ok(Vec::new()),
        }
    }

    /// The statements in one transaction and one round trip; returns the rows of each. Success means that the
    /// server confirmed `COMMIT`; if the future is dropped, the transaction still commits as a whole.
    pub(in crate::db) async fn transact(
        &self,
        queries: &[Query<'_>],
    ) -> Result<Vec<Vec<PgRow>>, Fault> {
        self.prepare_unknown(queries).await.map_err(Fault::undone)?;
        let mut statements = Vec::with_capacity(queries.len());
        for query in queries {
            statements.push(self.prepared(query).await.map_err(Fault::undone)?);
        }
        let mut parts: Vec<Part<'_>> = Vec::with_capacity(queries.len() + 2);
        parts.push(self.control(if self.look.limited { "BEGIN" } else { LIMITED_BEGIN }));
        for (query, statement) in queries.iter().zip(&statements) {
            parts.push(maybe_done(Box::pin(self.send(query, statement.as_ref()))));
        }
        self.enqueue(|context| {
            let mut whole = true;
            for part in &mut parts {
                let mut part = Pin::new(part);
                let _ = part.as_mut().poll(context);
                whole &= !matches!(part.output_mut(), Some(Err(_)));
            }
            let mut end = self.control(if whole { "COMMIT" } else { "ROLLBACK" });
            let _ = Pin::new(&mut end).poll(context);
            parts.push(end);
        })
        .await;
        let unsent =
            parts.last_mut().is_some_and(|end| matches!(Pin::new(end).output_mut(), Some(Err(_))));
        let mut answers = Vec::with_capacity(parts.len());
        for part in &mut parts {
            Pin::new(&mut *part).await;
            match Pin::new(part).take_output() {
                Some(Ok(rows)) => answers.push(rows),
                // After any error the server responds to COMMIT with ROLLBACK: nothing happened.
                Some(Err(error)) => {
                    let (part, last) = (answers.len(), queries.len() + 1);
                    let query = part.checked_sub(1).and_then(|part| queries.get(part));
                    return Err(match query {
                        Some(query) if query.is_closed_gate(&error) => Fault::gate_closed(error),
                        // Terminated before its turn, COMMIT was not reached. Other codes may come from a
                        // pooler, which knows less.
                        _ if unsent || (part < last && error.code() == Some(&TERMINATED)) => {
                            Fault::undone(error)
                        }
                        _ => Fault::sent(error),
                    });
                }
                None => {}
            }
        }
        answers.pop();
        answers.remove(0);
        Ok(answers)
    }

    /// Whether named statements can be used here.
    pub(in crate::db) fn is_named(&self) -> bool {
        self.look.named
    }

    /// Prepares the statement without running it.
    pub(in crate::db) async fn prepare(&self, query: &Query<'_>) -> Result<(), Error> {
        self.in_turn(self.client.prepare(&query.text())).await.map(drop)
    }

    /// The prepared statement of this connection, prepared on first use; `None` if names are unsafe.
    async fn prepared(&self, query: &Query<'_>) -> Result<Option<Statement>, Error> {
        if !self.look.named {
            return Ok(None);
        }
        let key = query.key();
        let known = locked(&self.statements).get(&key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let text = query.text();
        let statement = Box::pin(self.in_turn(self.client.prepare(&text))).await?;
        locked(&self.statements).insert(key, statement.clone());
        Ok(Some(statement))
    }

    /// Prepares unknown statements, in one or two round trips.
    async fn prepare_unknown(&self, queries: &[Query<'_>]) -> Result<(), Error> {
        let unknown: Vec<_> = {
            let known = locked(&self.statements);
            queries.iter().filter(|query| !known.contains_key(&query.key())).collect()
        };
        if self.look.named && unknown.len() > 1 {
            let all = unknown.into_iter().map(|query| self.prepared(query));
            Box::pin(try_join_all(all)).await?;
        }
        Ok(())
    }

    async fn send(&self, query: &Query<'_>, statement: Option<&Statement>) -> Reply {
        let Some(statement) = statement else {
            return Box::pin(self.send_unnamed(query)).await;
        };
        let params: Vec<&(dyn ToSql + Sync)> =
            query.params.iter().map(|value| value as _).collect();
        self.client.query(statement, &params).await
    }

    async fn send_unnamed(&self, query: &Query<'_>) -> Reply {
        let params: Vec<(&(dyn ToSql + Sync), Type)> =
            query.params.iter().map(|value| (value as _, row::kind(value))).collect();
        self.client.query_typed(&query.text(), &params).await
    }

    fn control(&self, command: &'static str) -> Part<'_> {
        let sent = self.client.batch_execute(command);
        maybe_done(Box::pin(async move { sent.await.map(|()| Vec::new()) }))
    }

    /// Runs `messages` once, alone: what it polls is in the connection's queue afterwards.
    async fn enqueue(&self, mut messages: impl FnMut(&mut std::task::Context<'_>)) {
        poll_fn(|context| {
            let _turn = locked(&self.turn);
            messages(context);
            std::task::Poll::Ready(())
        })
        .await;
    }

    /// Drives a future that may send several messages, each between the bundles of others.
    async fn in_turn<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _turn = locked(&self.turn);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Forgets the statements: their plans or names are gone on the server.
    pub(in crate::db) fn forget_statements(&self) {
        locked(&self.statements).clear();
    }

    /// The server no longer accepts writes: this connection, and all opened before, get no new callers. Those
    /// that wait on one still get their results.
    pub(in crate::db) fn turn_away(&self) {
        let (from, to) = (self.opened_at_turn, self.opened_at_turn + 1);
        let _ = self.turns.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Whether a single statement waits for locks only briefly here; otherwise each transaction sets the
    /// limit.
    pub(in crate::db) fn limits_locks(&self) -> bool {
        self.look.limited
    }

    /// What was detected when it was opened.
    pub(in crate::db) fn look(&self) -> FirstLook {
        self.look
    }

    /// Whether it may be given to a new caller.
    pub(in crate::db) fn is_current(&self, now: Instant) -> bool {
        !self.is_closed()
            && self.turns.load(Ordering::Acquire) == self.opened_at_turn
            && !(self.look.read_only && now.saturating_duration_since(self.opened) > READ_ONLY_FOR)
    }

    /// Drops the connection; everyone waiting on it is notified immediately.
    pub(in crate::db) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.driver.abort();
    }

    /// Closes the connection properly once the last holder releases it.
    pub(in crate::db) fn close_gently(&self) {
        self.goes_gently.store(true, Ordering::Release);
    }

    /// A caller's deadline has passed: drops the connection unless others are getting results.
    pub(in crate::db) fn missed_deadline(&self) {
        if self.silent_for(Instant::now()) > LOST {
            self.close();
        }
    }

    pub(in crate::db) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire) || self.client.is_closed()
    }

    /// Lower is better: first those that respond, then those with the shortest queue.
    pub(in crate::db) fn load(&self, now: Instant) -> (bool, usize) {
        let waiting = self.in_flight.load(Ordering::Relaxed);
        (waiting > 0 && self.silent_for(now) > STALLED, waiting)
    }

    pub(in crate::db) fn enter(self: &Arc<Self>) -> InUse {
        if self.in_flight.fetch_add(1, Ordering::Relaxed) == 0 {
            self.mark();
        }
        InUse(Arc::clone(self))
    }

    fn mark(&self) {
        let now = self.opened.elapsed().as_millis();
        self.answered.store(u64::try_from(now).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long it has been idle; zero while in use.
    pub(in crate::db) fn idle_for(&self, now: Instant) -> Duration {
        let busy = self.in_flight.load(Ordering::Relaxed) > 0;
        if busy { Duration::ZERO } else { self.silent_for(now) }
    }

    fn silent_for(&self, now: Instant) -> Duration {
        let answered = Duration::from_millis(self.answered.load(Ordering::Relaxed));
        now.saturating_duration_since(self.opened).saturating_sub(answered)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.open.closed();
        // Without its client the driver closes properly and ends.
        if !self.goes_gently.load(Ordering::Acquire) {
            self.driver.abort();
            lane::count(&self.metrics, self.label, Connecting::Lost);
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Link").field("named", &self.look.named).finish_non_exhaustive()
    }
}

/// A caller's use of a connection.
#[derive(Debug)]
pub(in crate::db) struct InUse(Arc<Link>);

impl InUse {
    /// The server has responded to this caller: the connection works.
    pub(in crate::db) fn answered(&self) {
        self.0.mark();
    }
}

impl std::ops::Deref for InUse {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.0
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a connection that was opened, and a wake if there was no other.
fn counted(metrics: &Metrics, label: LaneLabel, woke: bool) -> Option<Holding> {
    let meters = metrics.on()?;
    lane::count(metrics, label, Connecting::Opened);
    if woke {
        meters.wakes.one();
    }
    Some(meters.lane(label)?.connections.hold())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
