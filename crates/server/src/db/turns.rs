//! Turns for slow work: one at a time per user. A few more of the same user wait briefly, the rest is
//! rejected, so that one user's searches never fill the lane.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::sql::{DbError, Result};

/// Maximum number of one user's searches, running or waiting.
const CALLERS: usize = 8;
/// How long a search waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who has a turn or waits for one.
#[derive(Debug, Default)]
pub(super) struct Turns {
    users: Mutex<HashMap<Uuid, Callers>>,
}

#[derive(Debug)]
struct Callers {
    count: usize,
    turn: Arc<Semaphore>,
}

/// A turn; the next starts when it is dropped.
#[derive(Debug)]
pub(super) struct SearchTurn<'a> {
    _permit: OwnedSemaphorePermit,
    _place: Place<'a>,
}

/// A place among a user's callers.
#[derive(Debug)]
struct Place<'a> {
    turns: &'a Turns,
    user: Uuid,
}

impl Turns {
    /// This user's next turn; `Overloaded` if too many of theirs wait already.
    pub(super) async fn take(&self, user: Uuid) -> Result<SearchTurn<'_>> {
        let (place, turn) = self.enter(user).ok_or(DbError::Overloaded)?;
        match tokio::time::timeout(PATIENCE, turn.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(SearchTurn { _permit: permit, _place: place }),
            Ok(Err(_)) | Err(_) => Err(DbError::Overloaded),
        }
    }

    fn enter(&self, user: Uuid) -> Option<(Place<'_>, Arc<Semaphore>)> {
        let mut users = self.locked();
        let callers = users
            .entry(user)
            .or_insert_with(|| Callers { count: 0, turn: Arc::new(Semaphore::new(1)) });
        if callers.count == CALLERS {
            return None;
        }
        callers.count += 1;
        Some((Place { turns: self, user }, Arc::clone(&callers.turn)))
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Uuid, Callers>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut users = self.turns.locked();
        if let Some(callers) = users.get_mut(&self.user) {
            callers.count -= 1;
            if callers.count == 0 {
                users.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVE: Uuid = Uuid::from_u128(1);
    const ADA: Uuid = Uuid::from_u128(2);

    #[tokio::test(start_paused = true)]
    async fn a_user_has_one_turn_at_a_time_and_others_have_theirs() {
        let turns = Turns::default();
        let held = turns.take(EVE).await.unwrap();
        assert!(turns.take(ADA).await.is_ok());
        assert!(matches!(turns.take(EVE).await, Err(DbError::Overloaded)));
        let (second, ()) = tokio::join!(turns.take(EVE), async { drop(held) });
        assert!(second.is_ok());
        drop(second);
        assert!(turns.locked().is_empty(), "nobody is remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_too_often_is_refused_at_once() {
        let turns = Turns::default();
        let calls = (0..CALLERS + 3).map(|_| turns.take(EVE));
        let taken: Vec<_> = futures_util::future::join_all(calls).await;
        assert_eq!(taken.iter().filter(|turn| turn.is_ok()).count(), 1);
        drop(taken);
        assert!(turns.locked().is_empty());
    }
}
