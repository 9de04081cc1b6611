//! The worker's rounds: each claims what is due and delivers it, a few mails at a time; then it sleeps until
//! something is known to be due.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::task::JoinSet;

use super::attempt::{LANES, ServerState, deliver};
use super::schedule::{LEAST_PAUSE, pause};
use super::{Inner, LEASE};
use crate::error::Error;
use crate::mail::outbox::store;

/// Delays between attempts while the database is unavailable: it may contain mail.
const DATABASE_AWAY: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
];

/// The result of a round.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) sent: usize,
    /// The mail server currently accepts no mail.
    no_server: bool,
}

/// Runs rounds until stopped.
pub(super) async fn run(inner: &Arc<Inner>) {
    let (mut away, mut failures) = (0, 0);
    while !inner.is_stopping() {
        // An unavailable server is tried with one mail.
        let lanes = if failures == 0 { LANES } else { 1 };
        match round_and_next(inner, lanes).await {
            Err(error) => {
                let wait = DATABASE_AWAY.get(away).or(DATABASE_AWAY.last());
                let wait = wait.copied().unwrap_or_default();
                tracing::warn!(target: "mail", %error, wait = wait.as_secs(), "the outbox cannot be read");
                away += 1;
                let until = inner.clock.now() + wait;
                tokio::select! {
                    () = inner.clock.wait_until(until) => {}
                    () = inner.stopped() => {}
                }
            }
            Ok((round, next)) => {
                away = 0;
                let now = inner.clock.now();
                if round.no_server {
                    failures += 1;
                    leave_alone(inner, now, failures).await;
                } else if round.sent > 0 && failures > 0 {
                    failures = 0;
                } else {
                    rest(inner, next).await;
                }
            }
        }
    }
}

async fn round_and_next(
    inner: &Arc<Inner>,
    lanes: usize,
) -> Result<(Round, Option<OffsetDateTime>), Error> {
    let round = round(inner, lanes).await?;
    let next = if round.no_server { None } else { store::next_due(&inner.db).await? };
    if let Some(meters) = inner.db.metrics().on() {
        // Queried now, while the database is awake anyway, not on a scrape.
        let (waiting, oldest) = store::waiting(&inner.db).await?;
        meters.mail.found(waiting, oldest);
    }
    if inner.pruned.is_due(inner.clock.now())
        && let Err(error) = inner.prune().await
    {
        tracing::warn!(target: "mail", %error, "old mails were not removed");
    }
    Ok((round, next))
}

/// Sleeps until something is due or new.
async fn rest(inner: &Inner, next: Option<OffsetDateTime>) {
    let due = async {
        match next {
            Some(at) => inner.clock.wait_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = inner.mail.woken() => {}
        () = due => {}
        () = inner.stopped() => {}
    }
}

/// Sleeps until the server is worth another try: after a delay, or soon if there is something new.
async fn leave_alone(inner: &Inner, since: OffsetDateTime, failures: usize) {
    let clock = &inner.clock;
    let something_new = async {
        inner.mail.woken().await;
        clock.wait_until(since + LEAST_PAUSE).await;
    };
    tokio::select! {
        () = something_new => {}
        () = clock.wait_until(since + pause(failures)) => {}
        () = inner.stopped() => {}
    }
}

/// Delivers what is due, on this number of lanes, until nothing is due or the mail server accepts nothing.
pub(super) async fn round(inner: &Arc<Inner>, lanes: usize) -> Result<Round, Error> {
    let mut round = Round::default();
    let mut running = JoinSet::new();
    let mut more = true;
    let mut trouble = None;
    loop {
        let free = lanes.saturating_sub(running.len());
        more &= !inner.is_stopping();
        if more && free > 0 && !round.no_server && trouble.is_none() {
            let now = inner.clock.now();
            let claim = inner.random.id(now);
            let most = i64::try_from(free).unwrap_or(1);
            match store::claim(&inner.db, claim, now, now + LEASE, most).await {
                Ok(rows) => {
                    // After a failure, the server gets one mail to prove itself.
                    more = rows.len() == free && lanes > 1;
                    for row in rows {
                        let inner = Arc::clone(inner);
                        inner.lock().insert(row.id, claim);
                        running.spawn(async move { Box::pin(deliver(&inner, claim, row)).await });
                    }
                }
                Err(error) => trouble = Some(error),
            }
        }
        let ended = tokio::select! {
            ended = running.join_next() => ended,
            () = inner.mail.woken(), if !more && !running.is_empty() => {
                more = true;
                continue;
            }
        };
        match ended {
            None if more && !round.no_server && trouble.is_none() => {}
            None => break,
            Some(Ok(ServerState::Sent)) => round.sent += 1,
            Some(Ok(ServerState::NoServer)) => round.no_server = true,
            Some(Ok(ServerState::Nothing)) => {}
            Some(Err(error)) => tracing::error!(target: "mail", %error, "a delivery ended early"),
        }
    }
    inner.transport.rest().await;
    match trouble {
        Some(error) => Err(error.into()),
        None => Ok(round),
    }
}
