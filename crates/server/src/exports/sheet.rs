//! The document of an export, produced piece by piece: each piece is a page that is read on demand.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::under_way::ExportPlace;
use super::{Exports, store};
use crate::audit::{Actor, AuditFilter, Entry, Event, Record};
use crate::error::Error;
use crate::gate::Authority;
use crate::input::{Cursor, Page};
use crate::timestamp::Timestamp;

/// Rows per page, which limits the database time of each read.
const ROWS: i64 = 200;
/// An export that takes longer is aborted: its reader takes less than a few kilobytes per second.
const LONGEST: Duration = Duration::from_mins(10);
/// The version of the format.
const VERSION: u32 = 1;

/// An export in progress. If it is aborted, the document lacks its last member, `complete`.
#[derive(Debug)]
pub struct Sheet {
    exports: Exports,
    authority: Authority,
    owner: Uuid,
    part: Part,
    /// Whether the list has a member.
    is_begun: bool,
    until: Instant,
    _place: ExportPlace,
}

/// What comes next.
#[derive(Debug)]
enum Part {
    Identities(Uuid),
    Sessions(Uuid),
    /// A few of each, in one piece.
    Factors,
    Devices,
    Passkeys,
    ApiKeys,
    AuditAbout(Option<Cursor>),
    AuditBy(Option<Cursor>),
    Tasks(Option<(OffsetDateTime, Uuid)>),
    Ended,
}

impl Exports {
    /// Starts an export of all data about a user, with its first piece.
    pub async fn begin(&self, actor: &Actor, owner: Uuid) -> Result<(Sheet, String), Error> {
        let place = self.under_way.begin(owner)?;
        let authority = actor.authority;
        let user = self.users().show(authority, owner).await?;
        let record = Record::by(actor, Event::AccountExport).about(owner);
        self.audit.commit(authority, Vec::new(), [record]).await?;
        let at = Timestamp::short(self.clock.now());
        let head = format!(
            "{{\"format\":\"doorward-user\",\"version\":{VERSION},\"exported_at\":\"{}\",\n\"user\":{},\n\"identities\":[",
            at.as_str(),
            json(&user)?
        );
        let sheet = Sheet {
            exports: self.clone(),
            authority,
            owner,
            part: Part::Identities(Uuid::nil()),
            is_begun: false,
            until: Instant::now() + LONGEST,
            _place: place,
        };
        Ok((sheet, head))
    }
}

impl Sheet {
    /// The next piece; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        if Instant::now() > self.until {
            return Err(Error::Unavailable("The export took longer than ten minutes."));
        }
        let (db, authority, owner) = (&self.exports.db, self.authority, self.owner);
        let mut out = String::new();
        match self.part {
            Part::Identities(after) => {
                let rows = store::identities(db, authority, owner, after, ROWS).await?;
                self.part = match rows.last().filter(|_| is_full(&rows)) {
                    Some(last) => Part::Identities(last.id),
                    None => Part::Sessions(Uuid::nil()),
                };
                self.put(&mut out, &rows)?;
                if matches!(self.part, Part::Sessions(_)) {
                    self.turn(&mut out, "sessions");
                }
            }
            Part::Sessions(after) => {
                let rows = store::sessions(db, authority, owner, after, ROWS).await?;
                self.part = match rows.last().filter(|_| is_full(&rows)) {
                    Some(last) => Part::Sessions(last.id),
                    None => Part::Factors,
                };
                self.put(&mut out, &rows)?;
                if matches!(self.part, Part::Factors) {
                    self.turn(&mut out, "factors");
                }
            }
            Part::Factors => {
                let held = self.exports.factors().list(authority, owner).await?;
                self.put(&mut out, &held.factors)?;
                self.part = Part::Devices;
                let left = held.recovery_codes_left;
                let _ = write!(out, "],\n\"recovery_codes_left\":{left},\n\"trusted_devices\":[");
                self.is_begun = false;
            }
            Part::Devices => {
                let devices = self.exports.devices().list_of(authority, owner).await?;
                self.put(&mut out, &devices)?;
                self.part = Part::Passkeys;
                self.turn(&mut out, "passkeys");
            }
            Part::Passkeys => {
                let rows = store::passkeys(db, authority, owner).await?;
                self.put(&mut out, &rows)?;
                self.part = Part::ApiKeys;
                self.turn(&mut out, "api_keys");
            }
            Part::ApiKeys => {
                let keys = self.exports.api_keys().list_of(authority, owner).await?;
                self.put(&mut out, &keys)?;
                self.part = Part::AuditAbout(None);
                self.turn(&mut out, "audit");
            }
            Part::AuditAbout(after) => {
                let filter = AuditFilter { user: Some(owner), ..AuditFilter::default() };
                let (mut rows, next) = self.audit(filter, after).await?;
                for entry in &mut rows {
                    forget_others(entry, owner);
                }
                self.put(&mut out, &rows)?;
                self.part = next.map_or(Part::AuditBy(None), |next| Part::AuditAbout(Some(next)));
            }
            Part::AuditBy(after) => {
                let filter = AuditFilter { actor: Some(owner), ..AuditFilter::default() };
                let (mut rows, next) = self.audit(filter, after).await?;
                rows.retain(|entry| entry.subject_id != Some(owner));
                self.put(&mut out, &rows)?;
                self.part = next.map_or(Part::Tasks(None), |next| Part::AuditBy(Some(next)));
                if matches!(self.part, Part::Tasks(_)) {
                    self.turn(&mut out, "tasks");
                }
            }
            Part::Tasks(after) => {
                let tasks = self.exports.tasks().made_after(authority, owner, after, ROWS).await?;
                self.put(&mut out, &tasks)?;
                self.part = match tasks.last() {
                    Some(last) => Part::Tasks(Some((last.created_at, last.id))),
                    None => Part::Ended,
                };
                if matches!(self.part, Part::Ended) {
                    out.push_str("],\n\"complete\":true}\n");
                }
            }
            Part::Ended => return Ok(None),
        }
        Ok(Some(out))
    }

    async fn audit(
        &self,
        filter: AuditFilter,
        after: Option<Cursor>,
    ) -> Result<(Vec<Entry>, Option<Cursor>), Error> {
        self.exports.audit.list(self.authority, filter, Page { after, limit: ROWS }).await
    }

    fn put<T: Serialize>(&mut self, out: &mut String, rows: &[T]) -> Result<(), Error> {
        for row in rows {
            out.push_str(if self.is_begun { ",\n" } else { "\n" });
            out.push_str(&json(row)?);
            self.is_begun = true;
        }
        Ok(())
    }

    /// Ends a list and starts the next.
    fn turn(&mut self, out: &mut String, name: &str) {
        self.is_begun = false;
        out.push_str("],\n\"");
        out.push_str(name);
        out.push_str("\":[");
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

fn is_full<T>(rows: &[T]) -> bool {
    i64::try_from(rows.len()).is_ok_and(|count| count >= ROWS)
}

/// The origin of an administrator's action is not the user's data.
fn forget_others(entry: &mut Entry, owner: Uuid) {
    if entry.actor == "cli" || entry.actor_id.is_some_and(|actor| actor != owner) {
        (entry.ip, entry.user_agent, entry.request_id) = (None, None, None);
    }
}
