//! Export: roles, accounts, identities and tasks as JSON lines, from one snapshot and in bounded memory.
//! Sessions, keys, counted guesses and the audit log are not exported: they have no meaning elsewhere.

use serde::Serialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Transfer;
use super::cell::{flag, moment};
use super::moved::{Moved, heading};
use crate::audit::{Actor, Event, Record};
use crate::db::foreign::{ForeignDatabase, ForeignRow};
use crate::gate::role_names;
use crate::tasks::Priority;
use crate::text;
use crate::timestamp::Timestamp;

const BATCH: usize = 2000;
const ROLES: &str = "SELECT r.name, r.description, (SELECT string_agg(p.permission, ',' \
    ORDER BY p.permission) FROM role_permissions p WHERE p.role = r.name) FROM roles r ORDER BY r.name";
const USERS: &str = text!(
    "SELECT u.id, u.email, u.email_verified, u.name, u.hashed_password, u.is_active, u.banned_until, \
    u.ban_reason, ",
    role_names!("u.id"),
    ", u.created_at, u.updated_at, u.username, u.locale, u.user_metadata, u.app_metadata FROM users u ORDER BY u.id"
);
const IDENTITIES: &str = "SELECT i.id, i.user_id, i.issuer, i.subject, i.address_proven, i.created_at \
    FROM identities i ORDER BY i.id";
const TASKS: &str = "SELECT t.id, t.user_id, t.title, t.description, t.completed, t.completed_at, \
    t.priority, t.due_at, t.tags, t.metadata, t.version, t.created_at, t.updated_at FROM tasks t ORDER BY t.id";

/// Converts a row to a line.
type ToLine = fn(ForeignRow) -> Option<Moved>;

/// The numbers of exported items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Roles.
    pub roles: u64,
    /// Accounts.
    pub users: u64,
    /// Identities at other issuers.
    pub identities: u64,
    /// Tasks.
    pub tasks: u64,
}

impl Transfer {
    /// Writes everything, line by line; password hashes only on request. The error is one sentence.
    pub async fn export(
        &self,
        actor: &Actor,
        with_hashes: bool,
        write: &mut (dyn FnMut(&str) -> Result<(), String> + Send),
    ) -> Result<Exported, String> {
        let describe = |error: crate::sql::DbError| error.to_string();
        let detail = if with_hashes { "with password hashes" } else { "without password hashes" };
        let record = Record::by(actor, Event::DataExport).detail(detail);
        self.audit.commit(actor.authority, Vec::new(), [record]).await.map_err(describe)?;
        let mut database = ForeignDatabase::open(&self.direct()).await.map_err(describe)?;
        if !database.is_sqlite() {
            let hidden =
                database.rows("SELECT row_security_active('tasks')").await.map_err(describe)?;
            if hidden != [[Some("f".to_owned())]] {
                return Err(
                    "Row-level security hides the tasks from this login: use the login that \
                    ran `doorward db migrate`, which owns the tables."
                        .into(),
                );
            }
        }
        write(&heading().to_string())?;
        let mut done = Exported::default();
        let parts: [(&str, ToLine, &mut u64); 4] = [
            (ROLES, role, &mut done.roles),
            (USERS, user, &mut done.users),
            (IDENTITIES, identity, &mut done.identities),
            (TASKS, task, &mut done.tasks),
        ];
        for (sql, line, count) in parts {
            database.scan(sql).await.map_err(describe)?;
            loop {
                let rows = database.next(BATCH).await.map_err(describe)?;
                if rows.is_empty() {
                    break;
                }
                for row in rows {
                    let mut line = line(row).ok_or("A row of the database cannot be read.")?;
                    if let Moved::User { password_hash, .. } = &mut line
                        && !with_hashes
                    {
                        *password_hash = None;
                    }
                    write(&serde_json::to_string(&line).map_err(|error| error.to_string())?)?;
                    *count += 1;
                }
            }
        }
        Ok(done)
    }
}

/// The texts of a row, in order.
struct Texts(std::vec::IntoIter<Option<String>>);

impl Texts {
    fn of(row: ForeignRow) -> Self {
        Self(row.into_iter())
    }

    fn perhaps(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    fn flag(&mut self) -> Option<bool> {
        flag(&self.perhaps()?)
    }

    fn id(&mut self) -> Option<Uuid> {
        Uuid::try_parse(&self.perhaps()?).ok()
    }

    fn instant(&mut self) -> Option<String> {
        moment(&self.perhaps()?).map(shown)
    }

    fn object(&mut self) -> Option<Map<String, Value>> {
        self.perhaps().map_or(Some(Map::new()), |text| serde_json::from_str(&text).ok())
    }

    fn names(&mut self) -> Vec<String> {
        self.perhaps()
            .map(|names| names.split(',').map(str::to_owned).collect())
            .unwrap_or_default()
    }
}

fn shown(at: OffsetDateTime) -> String {
    Timestamp::short(at).as_str().to_owned()
}

fn role(row: ForeignRow) -> Option<Moved> {
    let mut texts = Texts::of(row);
    let (name, description) = (texts.perhaps()?, texts.perhaps()?);
    Some(Moved::Role { name, description, permissions: texts.names() })
}

fn user(row: ForeignRow) -> Option<Moved> {
    let mut texts = Texts::of(row);
    Some(Moved::User {
        id: texts.id()?,
        email: texts.perhaps(),
        email_verified: texts.flag()?,
        name: texts.perhaps(),
        password_hash: texts.perhaps(),
        is_active: texts.flag()?,
        banned_until: texts.instant(),
        ban_reason: texts.perhaps(),
        roles: texts.names(),
        created_at: texts.instant()?,
        updated_at: texts.instant()?,
        username: texts.perhaps(),
        locale: texts.perhaps(),
        user_metadata: texts.object()?,
        app_metadata: texts.object()?,
    })
}

fn identity(row: ForeignRow) -> Option<Moved> {
    let mut texts = Texts::of(row);
    Some(Moved::Identity {
        id: texts.id()?,
        user_id: texts.id()?,
        issuer: texts.perhaps()?,
        subject: texts.perhaps()?,
        address_proven: texts.flag()?,
        created_at: texts.instant()?,
    })
}

fn task(row: ForeignRow) -> Option<Moved> {
    let mut texts = Texts::of(row);
    Some(Moved::Task {
        id: texts.id()?,
        user_id: texts.id()?,
        title: texts.perhaps()?,
        description: texts.perhaps(),
        completed: texts.flag()?,
        completed_at: texts.instant(),
        priority: word(&texts.perhaps()?)?,
        due_at: texts.instant(),
        tags: texts
            .perhaps()
            .map(|text| text.split('\n').filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default(),
        metadata: texts.object()?,
        version: texts.perhaps()?.parse().ok()?,
        created_at: texts.instant()?,
        updated_at: texts.instant()?,
    })
}

/// The name of a priority.
fn word(rank: &str) -> Option<String> {
    let rank: usize = rank.parse().ok()?;
    let word = serde_json::to_value(Priority::ALL.get(rank)?).ok()?;
    word.as_str().map(str::to_owned)
}
