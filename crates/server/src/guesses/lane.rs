//! The guesses at one account's password in progress in this process: a few at a time, while others wait. An
//! honest burst of sign-ins is never mistaken for guessing, because a claim refused due to others in progress
//! waits for their results; and a dishonest one, once refused, is refused again without a database query. A
//! lane exists only while it is in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::error::Error;
use crate::patience::Wait;

/// How long a guess waits for its turn, or for the results of others.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long a refusal is repeated without a database query.
const MEMORY: Duration = Duration::from_secs(1);

/// The lanes of this process, by whose password is guessed at.
#[derive(Debug)]
pub(super) struct GuessLanes {
    width: usize,
    lanes: Mutex<HashMap<String, Arc<AccountLane>>>,
}

#[derive(Debug)]
struct AccountLane {
    places: Arc<Semaphore>,
    state: watch::Sender<LaneState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct LaneState {
    /// Claims requested or granted, without a result.
    under_way: usize,
    /// How often a right password cleared the count.
    cleared: u64,
    /// A refusal: until when, and when it was received.
    refused: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl GuessLanes {
    /// Lanes half as wide as the number of free guesses, so that two processes fill it without a refusal.
    pub(super) fn new(free: u32) -> Arc<Self> {
        let width = usize::try_from(free / 2).unwrap_or(8).clamp(1, 8);
        Arc::new(Self { width, lanes: Mutex::default() })
    }

    /// Waits for a turn in the lane of `key`.
    pub(super) async fn turn(self: &Arc<Self>, key: String) -> Result<Turn, Error> {
        let lane = Arc::clone(self.lock().entry(key.clone()).or_insert_with(|| {
            let places = Arc::new(Semaphore::new(self.width));
            Arc::new(AccountLane { places, state: watch::Sender::default() })
        }));
        let places = Arc::clone(&lane.places);
        let mut turn =
            Turn { lanes: Arc::clone(self), key, lane, place: None, counted: false, cleared: 0 };
        let wait = Wait::begin(PATIENCE);
        let place = tokio::time::timeout_at(wait.until(), places.acquire_owned()).await;
        turn.place = place.ok().and_then(Result::ok);
        if turn.place.is_some() { Ok(turn) } else { Err(Error::HashingUnavailable) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<AccountLane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a lane, released when dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    lanes: Arc<GuessLanes>,
    key: String,
    lane: Arc<AccountLane>,
    place: Option<OwnedSemaphorePermit>,
    counted: bool,
    cleared: u64,
}

impl Turn {
    /// Until when others in this lane were just refused.
    pub(crate) fn refused(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let (until, learnt) = self.lane.state.borrow().refused?;
        (now < until && learnt <= now && now < learnt + MEMORY).then_some(until)
    }

    /// A claim is about to be requested.
    pub(crate) fn begin(&mut self) {
        self.counted = true;
        self.lane.state.send_modify(|state| {
            state.under_way += 1;
            self.cleared = state.cleared;
        });
    }

    /// The claim was refused. Waits for others in progress, if any; true if a retry is worthwhile.
    pub(crate) async fn outwait(&mut self, until: OffsetDateTime, now: OffsetDateTime) -> bool {
        self.end(false);
        let mut state = self.lane.state.subscribe();
        let seen = self.cleared;
        let first = *state.borrow_and_update();
        if first.cleared == seen && first.under_way == 0 {
            self.lane.state.send_modify(|state| state.refused = Some((until, now)));
            return false;
        }
        let decided = |state: &LaneState| state.under_way == 0 || state.cleared > seen;
        let wait = Wait::begin(PATIENCE);
        matches!(tokio::time::timeout_at(wait.until(), state.wait_for(decided)).await, Ok(Ok(_)))
    }

    /// True if the count was cleared since this claim was requested.
    pub(crate) fn was_cleared(&self) -> bool {
        self.lane.state.borrow().cleared > self.cleared
    }

    /// The guess has a result; `cleared` if the password was right and the count is cleared.
    pub(crate) fn end(&mut self, cleared: bool) {
        if std::mem::take(&mut self.counted) {
            self.lane.state.send_modify(|state| {
                state.under_way -= 1;
                state.cleared += u64::from(cleared);
                if cleared {
                    state.refused = None;
                }
            });
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end(false);
        self.place = None;
        let mut lanes = self.lanes.lock();
        // Two handles are left: the map's and this one. Nobody else can get one while the map is locked.
        if Arc::strong_count(&self.lane) == 2 {
            lanes.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[tokio::test]
    async fn a_lane_is_gone_when_nobody_is_in_it() {
        let lanes = GuessLanes::new(10);
        let turns = [lanes.turn("ada".into()).await, lanes.turn("bob".into()).await];
        assert_eq!(lanes.lock().len(), 2);
        drop(turns);
        assert_eq!(lanes.lock().len(), 0);
    }

    #[tokio::test]
    async fn a_refusal_is_final_when_nobody_else_is_under_way() {
        let lanes = GuessLanes::new(10);
        let mut turn = lanes.turn("ada".into()).await.unwrap();
        let until = NOW + Duration::from_secs(30);
        turn.begin();
        assert!(!turn.outwait(until, NOW).await);
        let other = lanes.turn("ada".into()).await.unwrap();
        assert_eq!(other.refused(NOW), Some(until));
        assert_eq!(other.refused(NOW + MEMORY), None);
    }

    #[tokio::test]
    async fn a_refused_claim_waits_for_one_that_may_turn_out_right() {
        let lanes = GuessLanes::new(10);
        let mut first = lanes.turn("ada".into()).await.unwrap();
        let mut second = lanes.turn("ada".into()).await.unwrap();
        first.begin();
        second.begin();
        let waiting = tokio::spawn(async move { second.outwait(NOW, NOW).await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        first.end(true);
        assert!(waiting.await.unwrap());
    }
}
