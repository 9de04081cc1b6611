//! Where Better Auth's tables are, remembered: finding them takes far longer than reading a session, and anybody
//! can send what looks like a token. What is remembered wrongly, since tables were moved or renamed, is found out
//! by the next look-up of a session.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::{Identities, store};
use crate::sql::Result;

const KEPT: Duration = Duration::minutes(5);
/// Tables that were not there may be made at any time.
const MISSED: Duration = Duration::seconds(30);

/// What was found last, and until when it is taken as it is.
#[derive(Debug, Default)]
pub(super) struct FoundTables(Mutex<Option<(Look, OffsetDateTime)>>);

/// What a look at the catalog has found.
#[derive(Clone, Debug)]
enum Look {
    /// Their names, as JSON.
    Named(String),
    Nothing,
}

impl FoundTables {
    fn get(&self, now: OffsetDateTime) -> Option<Look> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, until)| now < *until).map(|(look, _)| look.clone())
    }

    fn put(&self, found: Option<&String>, now: OffsetDateTime) {
        let kept = match found {
            Some(names) => (Look::Named(names.clone()), now + KEPT),
            None => (Look::Nothing, now + MISSED),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}

/// An answer of [`Identities::asked_of_better_auth`].
pub(super) const NO_TABLES: &str = "no schema in the search path has the tables session (or sessions) and user \
    (or users) with Better Auth's columns";

impl Identities {
    /// What Better Auth's tables say of a session token, or why they cannot be read; `None` if it is nobody's or
    /// expired.
    pub(super) async fn asked_of_better_auth(
        &self,
        token: &str,
    ) -> Result<Option<std::result::Result<Value, String>>> {
        let now = self.clock.now();
        match self.better_auth_tables.get(now) {
            None => {}
            Some(Look::Nothing) => return Ok(Some(Err(NO_TABLES.into()))),
            Some(Look::Named(tables)) => {
                match store::find_better_auth_session(&self.db, token, &tables, now).await? {
                    Some(answer) if is_unreadable(&answer) => {}
                    answer => return Ok(answer.map(Ok)),
                }
            }
        }
        let Some(tables) = self.find_better_auth_tables(now).await? else {
            return Ok(Some(Err(NO_TABLES.into())));
        };
        let answer = store::find_better_auth_session(&self.db, token, &tables, now).await?;
        Ok(answer.map(|answer| match answer.get("unreadable") {
            Some(why) => Err(why.to_string()),
            None => Ok(answer),
        }))
    }

    /// Looks for them.
    pub(super) async fn find_better_auth_tables(
        &self,
        now: OffsetDateTime,
    ) -> Result<Option<String>> {
        let found = store::find_better_auth_tables(&self.db).await?;
        self.better_auth_tables.put(found.as_ref(), now);
        Ok(found)
    }
}

fn is_unreadable(answer: &Value) -> bool {
    answer.get("unreadable").is_some()
}
