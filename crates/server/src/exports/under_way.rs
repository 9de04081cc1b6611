//! The exports in progress: one per user, and a few in all, since each reads everything.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::error::Error;

/// Maximum number of exports in this process.
const MOST: usize = 4;
/// Seconds until a retry may succeed.
const LATER: u64 = 10;

/// The users with an export in progress.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashSet<Uuid>>);

/// A place among them, released when dropped.
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
