//! A cache of where Better Auth's sessions are: finding its tables takes far longer than reading a session,
//! and anyone can send something that looks like a token. An outdated entry, after tables were moved or
//! renamed, is noticed when the next session is looked up.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::store::FoundSessions;
use super::{Identities, store};
use crate::sql::Result;

const KEPT: Duration = Duration::minutes(5);
/// Tables may be created at any time, and sessions imported.
const MISSED: Duration = Duration::seconds(30);

/// The last result, and how long it is valid.
#[derive(Debug, Default)]
pub(super) struct FoundTables(Mutex<Option<(SessionsPlace, OffsetDateTime)>>);

/// Where the sessions are.
#[derive(Clone, Debug)]
pub(super) enum SessionsPlace {
    /// In Better Auth's tables, whose names are here as JSON. They take precedence over imported sessions.
    Tables(String),
    /// In Doorward's tables, imported.
    Imported,
    Nowhere,
}

impl From<FoundSessions> for SessionsPlace {
    fn from(found: FoundSessions) -> Self {
        match found {
            FoundSessions { tables: Some(names), .. } => Self::Tables(names),
            FoundSessions { were_imported: true, .. } => Self::Imported,
            FoundSessions { .. } => Self::Nowhere,
        }
    }
}

impl FoundTables {
    fn get(&self, now: OffsetDateTime) -> Option<SessionsPlace> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, until)| now < *until).map(|(place, _)| place.clone())
    }

    fn put(&self, place: SessionsPlace, now: OffsetDateTime) {
        let until = now + if matches!(place, SessionsPlace::Tables(_)) { KEPT } else { MISSED };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, until));
    }
}

/// Why session tokens are rejected.
pub(super) const NO_TABLES: &str = "no schema in the search path has the tables session (or sessions) and user \
    (or users) with Better Auth's columns, and no session was imported";

/// The result of looking up a session token.
#[derive(Debug)]
pub(super) enum SessionAnswer {
    /// A session and its user, from Better Auth's tables.
    Told(Value),
    /// It is unknown or expired.
    Nobody,
    /// There are no tables, but imported sessions.
    Imported,
    /// Why it cannot be looked up.
    Unreadable(String),
}

impl Identities {
    /// Looks a session token up in Better Auth's tables, if they are here.
    pub(super) async fn asked_of_better_auth(&self, token: &str) -> Result<SessionAnswer> {
        let now = self.clock.now();
        if let Some(place) = self.better_auth_tables.get(now) {
            let may_have_moved = matches!(place, SessionsPlace::Tables(_));
            match self.asked_there(place, token, now).await? {
                SessionAnswer::Unreadable(_) if may_have_moved => {}
                asked => return Ok(asked),
            }
        }
        let place = self.find_better_auth(now).await?;
        self.asked_there(place, token, now).await
    }

    async fn asked_there(
        &self,
        place: SessionsPlace,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<SessionAnswer> {
        let tables = match place {
            SessionsPlace::Tables(tables) => tables,
            SessionsPlace::Imported => return Ok(SessionAnswer::Imported),
            SessionsPlace::Nowhere => return Ok(SessionAnswer::Unreadable(NO_TABLES.into())),
        };
        let answer = store::find_better_auth_session(&self.db, token, &tables, now).await?;
        Ok(match answer {
            None => SessionAnswer::Nobody,
            Some(answer) => match answer.get("unreadable") {
                Some(why) => SessionAnswer::Unreadable(why.to_string()),
                None => SessionAnswer::Told(answer),
            },
        })
    }

    /// Finds where the sessions are.
    pub(super) async fn find_better_auth(&self, now: OffsetDateTime) -> Result<SessionsPlace> {
        let issuer = self.settings.better_auth_url.as_deref().unwrap_or_default();
        let place = SessionsPlace::from(store::find_better_auth(&self.db, issuer).await?);
        self.better_auth_tables.put(place.clone(), now);
        Ok(place)
    }
}
