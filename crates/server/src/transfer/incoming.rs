//! Incoming accounts, sessions, tasks, identities and roles, validated like requests. An invalid one becomes
//! a [`Reject`] with its reason, without affecting others.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::cell::{flag, is_done, moment, urgency, uuid, words};
use super::link::{IncomingIdentity, SourceOwner};
use super::row_cells::Cells;
use crate::accounts::Name;
use crate::email::Email;
use crate::input::{Field, LATEST, Locale};
use crate::metadata::MetadataObject;
use crate::passwords::recognise;
use crate::tasks::{Description, Priority, Tags, Title};
use crate::username::Username;

/// Fits into an index of both databases.
pub(super) const MAX_SUBJECT: usize = 255;
const MAX_NAME: usize = 100;
const MAX_TITLE: usize = 200;

/// A rejected row, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// `user`, `session`, `task`, `identity`, `role` or `line`.
    pub kind: &'static str,
    /// Its id in the source, or its line number.
    pub id: String,
    /// The reason, as the end of a sentence about it.
    pub reason: String,
}

/// One item of the source.
#[derive(Debug)]
pub(super) enum Item {
    Role(IncomingRole),
    User(Box<IncomingUser>),
    Identity(IncomingIdentity),
    Task(Box<IncomingTask>),
    Session(Box<IncomingSession>),
    /// A session that has expired.
    PastSession,
    /// All sessions of the source were read.
    SessionsRead,
    Bad(Reject),
}

#[derive(Debug)]
pub(super) struct IncomingRole {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) permissions: Vec<String>,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about a row")]
pub(super) struct IncomingUser {
    /// Its id in the source; `None` if `id` is its id here as well.
    pub(super) subject: Option<String>,
    pub(super) source_id: String,
    pub(super) id: Uuid,
    pub(super) email: Option<Email>,
    pub(super) is_verified: bool,
    pub(super) name: Option<String>,
    pub(super) hash: Option<String>,
    /// There is a hash of an unsupported kind.
    pub(super) has_foreign_hash: bool,
    pub(super) is_active: bool,
    pub(super) banned_until: Option<OffsetDateTime>,
    pub(super) ban_reason: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
    pub(super) roles: Vec<String>,
    pub(super) username: Option<Username>,
    pub(super) locale: Option<Locale>,
    pub(super) user_metadata: MetadataObject,
    pub(super) app_metadata: MetadataObject,
    /// There is metadata that is too large or not an object.
    pub(super) has_unfit_metadata: bool,
}

#[derive(Debug)]
pub(super) struct IncomingTask {
    pub(super) source_id: String,
    pub(super) id: Uuid,
    pub(super) spare: Uuid,
    pub(super) owner: SourceOwner,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) is_completed: bool,
    pub(super) completed_at: Option<OffsetDateTime>,
    pub(super) priority: Priority,
    pub(super) due_at: Option<OffsetDateTime>,
    pub(super) tags: Tags,
    pub(super) metadata: MetadataObject,
    pub(super) version: i64,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

/// An unexpired session of the source.
#[derive(Debug)]
pub(super) struct IncomingSession {
    pub(super) source_id: String,
    /// Its user's id at the source.
    pub(super) owner: String,
    /// The digest of the issuer and the token.
    pub(super) digest: [u8; 32],
    pub(super) ip: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) last_seen_at: OffsetDateTime,
    pub(super) expires_at: OffsetDateTime,
}

/// How rows are converted.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The issuer of the source's ids.
    pub(super) issuer: String,
    pub(super) now: OffsetDateTime,
    /// The role for superusers, if any.
    pub(super) superuser_role: Option<String>,
    /// The same for staff.
    pub(super) staff_role: Option<String>,
    /// Whether ids of 32 hexadecimal digits are UUIDs, as SQLAlchemy and Django keep them in SQLite.
    pub(super) has_bare_uuids: bool,
}

impl Reading {
    /// Converts a row to an account. Additional columns to keep go into its metadata.
    pub(super) fn user(&self, cells: Cells<'_>, rest: Map<String, Value>) -> Item {
        let id = cells.filled("id").or_else(|| cells.filled("email")).unwrap_or_default();
        match self.account(cells, rest) {
            Ok(user) => Item::User(Box::new(user)),
            Err(reason) => Item::Bad(Reject { kind: "user", id: id.to_owned(), reason }),
        }
    }

    fn account(&self, cells: Cells<'_>, rest: Map<String, Value>) -> Result<IncomingUser, String> {
        let email = match cells.filled("email") {
            None => None,
            Some(text) => Some(
                Email::parse(text)
                    .ok_or_else(|| format!("{text:?} is not a valid e-mail address"))?,
            ),
        };
        if cells.filled("deleted_at").is_some() {
            return Err("was deleted there".into());
        }
        let source_id = match cells.filled("id") {
            Some(id) => self.key(id),
            None => email.as_ref().map(|email| email.key().to_owned()).ok_or("has no id")?,
        };
        let subject =
            cells.filled("subject").map_or_else(|| source_id.clone(), |own| self.key(own));
        if subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
            return Err("its id is longer than 255 bytes or has control characters".into());
        }
        let created_at = cells.instant("created_at")?;
        let hash = cells.filled("password");
        let usable = hash.filter(|hash| recognise(hash).is_ok()).map(str::to_owned);
        let is_active =
            cells.flag("active")?.unwrap_or(true) && !cells.flag("disabled")?.unwrap_or(false);
        let banned_until = match cells.instant("banned_until")? {
            None if cells.flag("banned")?.unwrap_or(false) => Some(LATEST),
            until => until,
        };
        let (shown, unfit) = metadata(cells.filled("user_metadata"), rest);
        let (inner, inner_unfit) = metadata(cells.filled("app_metadata"), Map::new());
        Ok(IncomingUser {
            id: uuid(&source_id).unwrap_or_else(|| self.derived("user", &source_id, created_at)),
            subject: Some(subject),
            is_verified: email.is_some() && is_verified(cells)?,
            email,
            name: name(cells),
            has_foreign_hash: hash.is_some() && usable.is_none(),
            hash: usable,
            is_active,
            banned_until,
            ban_reason: cells.filled("ban_reason").map(|text| plain(text, 500)),
            created_at: created_at.unwrap_or(self.now),
            updated_at: cells.instant("updated_at")?.or(created_at).unwrap_or(self.now),
            roles: self.roles(cells)?,
            username: None,
            locale: None,
            user_metadata: shown,
            app_metadata: inner,
            has_unfit_metadata: unfit || inner_unfit,
            source_id,
        })
    }

    fn roles(&self, cells: Cells<'_>) -> Result<Vec<String>, String> {
        let named = cells.filled("role").map(str::to_ascii_lowercase);
        let by_name = named
            .is_some_and(|role| ["admin", "superuser", "administrator"].contains(&role.as_str()));
        let is_superuser = cells.flag("superuser")?.unwrap_or(false) || by_name;
        let is_staff = cells.flag("staff")?.unwrap_or(false);
        let mut roles = vec!["user".to_owned()];
        roles.extend(self.superuser_role.clone().filter(|_| is_superuser));
        roles.extend(self.staff_role.clone().filter(|_| is_staff));
        roles.sort_unstable();
        roles.dedup();
        Ok(roles)
    }

    /// Converts a row to a task. What has no field here is kept in its metadata.
    pub(super) fn task(&self, cells: Cells<'_>, rest: Map<String, Value>) -> Item {
        let id = cells.filled("id").unwrap_or_default();
        match self.assignment(cells, id, rest) {
            Ok(task) => Item::Task(Box::new(task)),
            Err(reason) => Item::Bad(Reject { kind: "task", id: id.to_owned(), reason }),
        }
    }

    fn assignment(
        &self,
        cells: Cells<'_>,
        id: &str,
        rest: Map<String, Value>,
    ) -> Result<IncomingTask, String> {
        if id.is_empty() {
            return Err("has no id".into());
        }
        let source_id = self.key(id);
        let owner = self.key(cells.filled("owner").ok_or("has no owner")?);
        let (title, description) = texts(cells)?;
        let created_at = cells.instant("created_at")?;
        let updated_at = cells.instant("updated_at")?.or(created_at);
        let status = cells.filled("status").and_then(is_done);
        let is_completed = match cells.filled("completed") {
            // Some store the time of completion there.
            Some(text) => flag(text)
                .or_else(|| moment(text).map(|_| true))
                .ok_or_else(|| format!("completed {text:?} is neither true nor false"))?,
            None => status.unwrap_or(false),
        };
        let (tags, metadata) = labels(cells, rest)?;
        let completed_at = cells.instant("completed_at")?.or(updated_at).unwrap_or(self.now);
        // Includes the owner, since two files may both number their tasks from 1.
        let spare = self.derived("task", &format!("{owner}\0{source_id}"), created_at);
        Ok(IncomingTask {
            id: uuid(&source_id).unwrap_or(spare),
            spare,
            owner: SourceOwner::Subject(owner),
            title,
            description,
            is_completed,
            completed_at: is_completed.then_some(completed_at),
            priority: cells.filled("priority").and_then(urgency).unwrap_or_default(),
            due_at: cells.instant("due_at")?,
            tags,
            metadata,
            version: 1,
            created_at: created_at.unwrap_or(self.now),
            updated_at: updated_at.unwrap_or(self.now),
            source_id,
        })
    }

    /// An id as in tokens.
    pub(super) fn key(&self, text: &str) -> String {
        match Uuid::try_parse(text) {
            Ok(id) if self.has_bare_uuids && text.len() == 32 => id.hyphenated().to_string(),
            _ => text.to_owned(),
        }
    }

    /// The id here for an id of another kind: deterministic, so that a second run finds what the first one
    /// created, and in order of creation like all ids.
    pub(super) fn derived(&self, kind: &str, id: &str, created_at: Option<OffsetDateTime>) -> Uuid {
        let millis = created_at.map_or(0, |at| at.unix_timestamp_nanos() / 1_000_000);
        let text = format!("doorward import v1\0{}\0{kind}\0{id}", self.issuer);
        let mut filling = [0; 10];
        filling.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..10]);
        let millis = u64::try_from(millis).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &filling).into_uuid()
    }
}

/// True, or a time in the past if the address was verified.
fn is_verified(cells: Cells<'_>) -> Result<bool, String> {
    let Some(text) = cells.filled("verified") else { return Ok(false) };
    flag(text)
        .or_else(|| moment(text).map(|_| true))
        .ok_or_else(|| format!("verified {text:?} is neither true, false nor a time"))
}

/// The name from one of its fields, or from its parts.
fn name(cells: Cells<'_>) -> Option<String> {
    let parts = [cells.filled("first_name"), cells.filled("last_name")];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let whole = (!parts.is_empty()).then(|| parts.join(" "));
    let text = cells
        .filled("name")
        .map(str::to_owned)
        .or(whole)
        .or_else(|| named_in(cells.filled("user_metadata")?))
        .or_else(|| cells.filled("username").map(str::to_owned))?;
    let name = Name::from_json(plain(&text, MAX_NAME).into()).ok()?;
    Some(name.as_str().to_owned())
}

/// The metadata from a column and other kept columns; true if some cannot be stored.
fn metadata(text: Option<&str>, rest: Map<String, Value>) -> (MetadataObject, bool) {
    let (mut members, mut is_unfit) = (Map::new(), false);
    match text.map(serde_json::from_str) {
        None | Some(Ok(Value::Null)) => {}
        Some(Ok(Value::Object(all))) => members = all,
        Some(_) => is_unfit = true,
    }
    members.extend(rest);
    MetadataObject::from_json(members.into())
        .map_or((MetadataObject::default(), true), |fits| (fits, is_unfit))
}

/// The name in a JSON object with other data.
fn named_in(details: &str) -> Option<String> {
    let details: Value = serde_json::from_str(details).ok()?;
    let names = ["full_name", "name", "display_name", "user_name"];
    names.iter().find_map(|name| details.get(name)?.as_str()).map(str::to_owned)
}

/// Without control characters, and truncated to this length.
fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(most).collect()
}

/// Title and description. A title that is too long is truncated, and the description starts with all of it.
fn texts(cells: Cells<'_>) -> Result<(String, Option<String>), String> {
    let whole = cells.filled("title").ok_or("has no title")?;
    let line = whole.replace(['\r', '\n', '\t'], " ");
    let mut description = cells.filled("description").map(str::to_owned);
    let title = if line.chars().count() > MAX_TITLE {
        let rest = description.map(|text| format!("\n\n{text}")).unwrap_or_default();
        description = Some(format!("{whole}{rest}"));
        line.chars().take(MAX_TITLE - 1).chain(['…']).collect()
    } else {
        line
    };
    let title = Title::from_json(title.into()).map_err(|(why, _)| format!("its title {why}"))?;
    let description = description
        .map(|text| Description::from_json(text.into()))
        .transpose()
        .map_err(|(why, _)| format!("its description {why}"))?;
    Ok((title.0, description.map(|text| text.0)))
}

/// Tags, and everything else: other columns, a status with more detail, an unknown priority, invalid tags.
fn labels(
    cells: Cells<'_>,
    mut rest: Map<String, Value>,
) -> Result<(Tags, MetadataObject), String> {
    rest.retain(|_, value| !value.is_null() && value != "");
    let mut keep = |name: &str, value: Value| drop(rest.insert(name.to_owned(), value));
    if let Some(status) = cells.filled("status") {
        keep("status", status.into());
    }
    if let Some(word) = cells.filled("priority").filter(|word| urgency(word).is_none()) {
        keep("priority", word.into());
    }
    let mut list: Vec<String> = Vec::new();
    for word in cells.filled("tags").map(words).unwrap_or_default() {
        if !list.contains(&word) {
            list.push(word);
        }
    }
    let tags = Tags::from_json(list.clone().into()).unwrap_or_else(|_| {
        keep("tags", list.into());
        Tags::default()
    });
    let metadata = MetadataObject::from_json(rest.into());
    Ok((tags, metadata.map_err(|(why, _)| format!("its metadata {why}"))?))
}
