//! The exports that are under way: one for each user, and a few in all, since each reads all there is.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::error::Error;

/// Exports at once in this process.
const MOST: usize = 4;
/// Seconds until asking again may help.
const LATER: u64 = 10;

/// Whose exports are under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashSet<Uuid>>);

/// A place among them, until it is dropped.
#[derive(Debug)]
pub(super) struct ExportPlace {
    under_way: Arc<UnderWay>,
    user: Uuid,
}

impl UnderWay {
    /// A place for this user's export.
    pub(super) fn begin(self: &Arc<Self>, user: Uuid) -> Result<ExportPlace, Error> {
        let mut users = self.users();
        if users.contains(&user) {
            return Err(Error::RateLimited(LATER));
        }
        if users.len() >= MOST {
            return Err(Error::Unavailable("Another export is in progress; try again shortly."));
        }
        users.insert(user);
        drop(users);
        Ok(ExportPlace { under_way: Arc::clone(self), user })
    }

    fn users(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ExportPlace {
    fn drop(&mut self) {
        self.under_way.users().remove(&self.user);
    }
}
