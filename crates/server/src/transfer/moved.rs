//! The lines of `doorward export`, from which another database can be filled: first a heading, then roles,
//! accounts, identities and tasks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::cell::{moment, urgency};
use super::incoming::{IncomingRole, IncomingTask, IncomingUser, Item, Reject};
use super::link::{IncomingIdentity, SourceOwner};
use crate::email::Email;
use crate::input::{Field, Locale};
use crate::metadata::MetadataObject;
use crate::passwords::recognise;
use crate::tasks::{Description, Tags, Title};
use crate::username::Username;

/// The version of the format.
const VERSION: u64 = 1;

/// The first line.
pub(super) fn heading() -> Value {
    json!({"type": "doorward", "version": VERSION})
}

/// Whether it is the heading of a supported version.
pub(super) fn is_heading(value: &Value) -> bool {
    value["type"] == "doorward" && value["version"] == VERSION
}

/// A line after the heading. Instants are texts in UTC.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Moved {
    Role {
        name: String,
        description: String,
        permissions: Vec<String>,
    },
    User {
        id: Uuid,
        email: Option<String>,
        email_verified: bool,
        name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password_hash: Option<String>,
        is_active: bool,
        banned_until: Option<String>,
        ban_reason: Option<String>,
        roles: Vec<String>,
        created_at: String,
        updated_at: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        locale: Option<String>,
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        user_metadata: Map<String, Value>,
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        app_metadata: Map<String, Value>,
    },
    Identity {
        id: Uuid,
        user_id: Uuid,
        issuer: String,
        subject: String,
        address_proven: bool,
        created_at: String,
    },
    Task {
        id: Uuid,
        user_id: Uuid,
        title: String,
        description: Option<String>,
        completed: bool,
        completed_at: Option<String>,
        priority: String,
        due_at: Option<String>,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default)]
        metadata: Map<String, Value>,
        version: i64,
        created_at: String,
        updated_at: String,
    },
}

/// The item of a line.
pub(super) fn moved(value: Value, number: u64) -> Item {
    let bad = |reason: String| Item::Bad(Reject { kind: "line", id: number.to_string(), reason });
    match serde_json::from_value::<Moved>(value) {
        Ok(line) => line.item().unwrap_or_else(bad),
        Err(error) => bad(format!("cannot be parsed: {error}")),
    }
}

fn instant(text: &str) -> Result<time::OffsetDateTime, String> {
    moment(text).ok_or_else(|| format!("{text:?} is not a date and time"))
}

fn perhaps(text: Option<String>) -> Result<Option<time::OffsetDateTime>, String> {
    text.map(|text| instant(&text)).transpose()
}

/// PostgreSQL cannot store NUL.
fn whole<'a>(texts: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    let has_nul = texts.into_iter().any(|text| text.contains('\0'));
    if has_nul { Err("has a NUL in a text".into()) } else { Ok(()) }
}

impl Moved {
    #[allow(clippy::too_many_lines, reason = "one field after the other")]
    fn item(self) -> Result<Item, String> {
        Ok(match self {
            Self::Role { name, description, permissions } => {
                whole([&name, &description].into_iter().chain(&permissions))?;
                Item::Role(IncomingRole { name, description, permissions })
            }
            Self::User {
                id,
                email,
                email_verified,
                name,
                password_hash,
                is_active,
                banned_until,
                ban_reason,
                roles,
                created_at,
                updated_at,
                username,
                locale,
                user_metadata,
                app_metadata,
            } => {
                let object = |fields: Map<String, Value>| {
                    let read = MetadataObject::from_json(fields.into());
                    read.map_err(|(why, _)| format!("its metadata {why}"))
                };
                let username = username.map(|text| {
                    Username::parse(&text)
                        .ok_or_else(|| format!("{text:?} is not a valid user name"))
                });
                let locale = locale.map(|text| {
                    Locale::parse(&text)
                        .ok_or_else(|| format!("{text:?} is not a valid language tag"))
                });
                whole(name.iter().chain(&ban_reason).chain(&roles))?;
                let parsed = email.as_deref().map(|text| {
                    Email::parse(text)
                        .ok_or_else(|| format!("{text:?} is not a valid e-mail address"))
                });
                let hash = password_hash.filter(|hash| !hash.is_empty());
                let has_foreign_hash = hash.as_deref().is_some_and(|hash| recognise(hash).is_err());
                Item::User(Box::new(IncomingUser {
                    subject: None,
                    source_id: id.to_string(),
                    id,
                    email: parsed.transpose()?,
                    is_verified: email_verified,
                    name,
                    hash: hash.filter(|_| !has_foreign_hash),
                    has_foreign_hash,
                    is_active,
                    banned_until: perhaps(banned_until)?,
                    ban_reason,
                    created_at: instant(&created_at)?,
                    updated_at: instant(&updated_at)?,
                    roles,
                    username: username.transpose()?,
                    locale: locale.transpose()?,
                    user_metadata: object(user_metadata)?,
                    app_metadata: object(app_metadata)?,
                    has_unfit_metadata: false,
                }))
            }
            Self::Identity { id, user_id, issuer, subject, address_proven, created_at } => {
                whole([&issuer, &subject])?;
                let created_at = instant(&created_at)?;
                Item::Identity(IncomingIdentity {
                    id,
                    owner: SourceOwner::Id(user_id),
                    issuer,
                    subject,
                    created_at,
                    address_proven,
                })
            }
            Self::Task {
                id,
                user_id,
                title,
                description,
                completed,
                completed_at,
                priority,
                due_at,
                tags,
                metadata,
                version,
                created_at,
                updated_at,
            } => Item::Task(Box::new(IncomingTask {
                source_id: id.to_string(),
                id,
                spare: id,
                owner: SourceOwner::Id(user_id),
                title: Title::from_json(title.into())
                    .map_err(|(why, _)| format!("its title {why}"))?
                    .0,
                description: description
                    .map(|text| Description::from_json(text.into()))
                    .transpose()
                    .map_err(|(why, _)| format!("its description {why}"))?
                    .map(|text| text.0),
                is_completed: completed,
                completed_at: perhaps(completed_at)?,
                priority: urgency(&priority)
                    .ok_or_else(|| format!("{priority:?} is not a priority"))?,
                due_at: perhaps(due_at)?,
                tags: Tags::from_json(tags.into()).map_err(|(why, _)| format!("its tags {why}"))?,
                metadata: MetadataObject::from_json(metadata.into())
                    .map_err(|(why, _)| format!("its metadata {why}"))?,
                version,
                created_at: instant(&created_at)?,
                updated_at: instant(&updated_at)?,
            })),
        })
    }
}
