//! Import: adds what a source has and this database lacks, without changing existing data.

use std::fmt::Write as _;

use super::Transfer;
use super::incoming::Reading;
use super::loader::{Loader, OnReject};
use super::report::ImportReport;
use super::source::ImportSource;
use crate::audit::{Actor, Event, Record};
use crate::config::DatabaseUrl;
use crate::db::bulk::{Bulk, Ending};

/// The options of an import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The issuer of the source's ids: the `iss` of tokens that contain them, or just a name.
    pub issuer: String,
    /// The role for superusers of the source; `None` if not given.
    pub superuser_role: Option<String>,
    /// The same for staff.
    pub staff_role: Option<String>,
    /// Rolls everything back.
    pub is_rehearsal: bool,
}

/// The progress of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows processed.
    pub done: u64,
    /// The total number of rows, if known.
    pub all: Option<u64>,
}

impl Transfer {
    /// Imports the source. Rejected rows are passed to `on_reject`. The error is one sentence; what was
    /// imported until then stays, and calling this again continues from there.
    pub async fn import(
        &self,
        actor: &Actor,
        mut source: ImportSource,
        import: &Import,
        on_reject: &mut OnReject<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<ImportReport, String> {
        let describe = |error: crate::sql::DbError| error.to_string();
        let now = self.clock.now();
        let ending = if import.is_rehearsal { Ending::Rollback } else { Ending::Commit };
        let bulk = Bulk::open(&self.direct()).await.map_err(describe)?;
        let to = (import.issuer.clone(), ending);
        let mut loader =
            Loader::new(bulk, to, (self.random.clone(), now), on_reject).await.map_err(describe)?;
        for role in import.superuser_role.iter().chain(&import.staff_role) {
            if !loader.roles().contains(role) {
                return Err(format!(
                    "There is no role {role}: create it with `doorward role create`."
                ));
            }
        }
        if source.has_sessions() && loader.has_better_auth().await.map_err(describe)? {
            source.leave_sessions();
            loader.report.sessions_in_place = true;
        }
        let mut state = Progress { done: 0, all: source.count().await? };
        self.record(actor, import, "began").await?;
        let reading = Reading {
            issuer: import.issuer.clone(),
            now,
            superuser_role: import.superuser_role.clone(),
            staff_role: import.staff_role.clone(),
            has_bare_uuids: source.has_bare_uuids(),
        };
        let mut items = source.items(reading);
        let mut outcome = Ok(());
        while let Some(batch) = items.recv().await {
            outcome = match batch {
                Ok(batch) => loader.take(batch).await,
                Err(why) => Err(why),
            };
            if outcome.is_err() {
                break;
            }
            state.done = loader.report.seen();
            progress(state);
        }
        let ImportReport { users, tasks, sessions, sessions_ended, .. } = &loader.report;
        let ended = if outcome.is_ok() { "ended" } else { "broke off" };
        let mut did = format!("{ended}: {} accounts, {} tasks", users.imported, tasks.imported);
        if sessions.imported + sessions_ended > 0 {
            let _ = write!(did, ", {} sessions, {sessions_ended} ended", sessions.imported);
        }
        self.record(actor, import, &did).await?;
        outcome.map(|()| loader.report)
    }

    async fn record(&self, actor: &Actor, import: &Import, what: &str) -> Result<(), String> {
        if import.is_rehearsal {
            return Ok(());
        }
        let detail = format!("as {}, {what}", import.issuer);
        let record = Record::by(actor, Event::DataImport).detail(detail);
        let written = self.audit.commit(actor.authority, Vec::new(), [record]).await;
        written.map(drop).map_err(|error| error.to_string())
    }

    /// The direct host, if there is a pooler: cursors and temporary tables belong to a session.
    pub(super) fn direct(&self) -> DatabaseUrl {
        let settings = &self.settings;
        let unpooled = settings.database_unpooled.clone().or_else(|| settings.database.unpooled());
        unpooled.unwrap_or_else(|| settings.database.clone())
    }
}
