//! Writes items in batches, each in one transaction, so an interrupted import is completed by running it
//! again.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::incoming::{IncomingRole, IncomingTask, IncomingUser, Item, Reject};
use super::link::SourceOwner;
use super::report::ImportReport;
use super::staging::{self, ROLES, TASKS, USERS};
use crate::crypto::Random;
use crate::db::bulk::{Bulk, Ending, Load};
use crate::db::{Columns, FromRow, Row};
use crate::email::Email;
use crate::input::{LATEST, Locale};
use crate::sql::{DbError, Result, Step, Value};
use crate::tasks::fold;
use crate::username::Username;
use time::OffsetDateTime;

/// Another program may take an address or an id between the look-up and the write.
const ATTEMPTS: usize = 3;

const OTHER: &str = "already exists with another address: if this is another source, use another --issuer to \
    keep their ids apart";

pub(super) const LONELY: &str = "its owner was not imported";
pub(super) const TWICE: &str = "its id is a duplicate";

/// Called for each rejected row.
pub type OnReject<'a> = dyn FnMut(&Reject) -> std::result::Result<(), String> + Send + 'a;

/// Writes items, and counts the results.
pub(super) struct Loader<'a> {
    pub(super) bulk: Bulk,
    pub(super) issuer: String,
    pub(super) ending: Ending,
    pub(super) random: Random,
    pub(super) now: OffsetDateTime,
    pub(super) report: ImportReport,
    pub(super) on_reject: &'a mut OnReject<'a>,
    roles: HashSet<String>,
    /// In a dry run, which leaves nothing to query: hashes of addresses and owners.
    rehearsed: HashSet<u64>,
    /// Live sessions of earlier imports that the source still has.
    pub(super) live_here: u64,
    /// Hashes of the ids of ambiguous accounts: nobody gets their tasks.
    doubtful: HashSet<u64>,
}

pub(super) struct Fate {
    pub(super) ordinal: i64,
    pub(super) word: String,
}

impl FromRow for Fate {
    fn from_row(row: &mut Columns<'_>) -> Result<Self> {
        Ok(Self { ordinal: row.read()?, word: row.read()? })
    }
}

impl<'a> Loader<'a> {
    pub(super) async fn new(
        mut bulk: Bulk,
        (issuer, ending): (String, Ending),
        (random, now): (Random, OffsetDateTime),
        on_reject: &'a mut OnReject<'a>,
    ) -> Result<Self> {
        let rows = bulk.run(&[], &[staging::find_roles()], Ending::Rollback).await?;
        let roles = rows.iter().flatten().map(Row::read).collect::<Result<_>>()?;
        let (report, rehearsed, doubtful) =
            (ImportReport::default(), HashSet::new(), HashSet::new());
        Ok(Self {
            bulk,
            issuer,
            ending,
            random,
            now,
            report,
            on_reject,
            roles,
            rehearsed,
            live_here: 0,
            doubtful,
        })
    }

    /// The existing roles.
    pub(super) fn roles(&self) -> &HashSet<String> {
        &self.roles
    }

    /// Writes a batch of items, kind by kind in their order.
    pub(super) async fn take(&mut self, items: Vec<Item>) -> std::result::Result<(), String> {
        let (mut users, mut identities, mut tasks) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sessions, mut are_all) = (Vec::new(), false);
        for item in items {
            match item {
                Item::Bad(reject) => self.reject(&reject)?,
                Item::Role(role) => self.role(role).await.map_err(said)?,
                Item::User(user) => users.push(*user),
                Item::Identity(identity) => identities.push(identity),
                Item::Task(task) => tasks.push(*task),
                Item::Session(session) => sessions.push(*session),
                Item::PastSession => self.report.sessions_expired += 1,
                Item::SessionsRead => are_all = true,
            }
        }
        self.users(users).await?;
        self.identities(identities).await?;
        self.sessions(sessions).await?;
        if are_all {
            self.end_gone().await?;
        }
        self.tasks(tasks).await
    }

    pub(super) fn reject(&mut self, reject: &Reject) -> std::result::Result<(), String> {
        self.report.reject(reject);
        (self.on_reject)(reject)
    }

    async fn role(&mut self, role: IncomingRole) -> Result<()> {
        if self.roles.contains(&role.name) {
            self.report.roles.already_here += 1;
            return Ok(());
        }
        let steps = staging::make_role(&role.name, &role.description, &role.permissions);
        self.bulk.run(&[], &steps, self.ending).await?;
        self.roles.insert(role.name);
        self.report.roles.imported += 1;
        Ok(())
    }

    async fn users(&mut self, users: Vec<IncomingUser>) -> std::result::Result<(), String> {
        let mut kept: Vec<IncomingUser> = Vec::with_capacity(users.len());
        let (mut seen_ids, mut seen_addresses) = (HashSet::new(), HashSet::new());
        let mut seen_usernames = HashSet::new();
        for mut user in users {
            let unknown: Vec<_> =
                user.roles.iter().filter(|role| !self.roles.contains(*role)).cloned().collect();
            let key = user.email.as_ref().map(|email| email.key().to_owned());
            let why = if !unknown.is_empty() {
                Some(format!("has the unknown role {:?}", unknown.join(", ")))
            } else if !seen_ids.insert(user.subject.clone().unwrap_or_else(|| user.id.to_string()))
            {
                Some("its id is a duplicate".to_owned())
            } else if key.as_ref().is_some_and(|key| {
                !seen_addresses.insert(key.clone()) || self.is_rehearsed("email", key)
            }) {
                Some("another account of the source has the same address, ignoring case".to_owned())
            } else {
                None
            };
            user.roles.dedup();
            user.username.take_if(|own| !seen_usernames.insert(own.key().to_owned()));
            match why {
                Some(reason) => {
                    self.reject(&Reject { kind: "user", id: user.source_id, reason })?;
                }
                None => kept.push(user),
            }
        }
        if kept.is_empty() {
            return Ok(());
        }
        let loads = [self.user_rows(&kept), role_rows(&kept)];
        let fates = self.run(&loads, &staging::take_users(&self.issuer)).await.map_err(said)?;
        let mut fates = fates.into_iter().peekable();
        for (ordinal, user) in (0..).zip(kept) {
            let fate = fates.next_if(|fate| fate.ordinal == ordinal);
            let shown = user.subject.clone().unwrap_or_else(|| user.id.to_string());
            match fate.as_ref().map(|fate| fate.word.as_str()) {
                None => {
                    self.rehearse("email", user.email.as_ref().map(Email::key));
                    self.rehearse("owner", Some(&shown));
                    self.rehearse("shut_out", Some(&*shown).filter(|_| self.is_shut_out(&user)));
                    self.count(&user);
                }
                Some("known") => self.report.users.already_here += 1,
                Some(fate) => {
                    let reason = if fate == "other" {
                        self.doubtful.insert(brief("owner", &shown));
                        OTHER
                    } else {
                        "another account has this address"
                    };
                    let reason = reason.to_owned();
                    self.reject(&Reject { kind: "user", id: user.source_id, reason })?;
                }
            }
        }
        Ok(())
    }

    fn is_shut_out(&self, user: &IncomingUser) -> bool {
        !user.is_active || user.banned_until.is_some_and(|until| until > self.now)
    }

    fn count(&mut self, user: &IncomingUser) {
        let is_shut_out = self.is_shut_out(user);
        let report = &mut self.report;
        report.users.imported += 1;
        match (&user.hash, user.has_foreign_hash) {
            (Some(_), _) => {}
            (None, true) => report.users_with_unknown_hash += 1,
            (None, false) => report.users_without_password += 1,
        }
        report.users_with_unfit_metadata += u64::from(user.has_unfit_metadata);
        report.users_without_email += u64::from(user.email.is_none());
        report.users_shut_out += u64::from(is_shut_out);
        for role in user.roles.iter().filter(|role| *role != "user") {
            *report.roles_given.entry(role.clone()).or_default() += 1;
        }
    }

    fn user_rows(&self, users: &[IncomingUser]) -> Load {
        let row = |(ordinal, user): (i64, &IncomingUser)| {
            vec![
                ordinal.into(),
                user.id.into(),
                self.random.id(self.now).into(),
                user.subject.clone().into(),
                self.random.id(self.now).into(),
                user.email.as_ref().map(Email::as_str).into(),
                user.email.as_ref().map(Email::key).into(),
                user.is_verified.into(),
                user.name.clone().into(),
                user.hash.clone().into(),
                user.is_active.into(),
                user.banned_until.into(),
                user.ban_reason.clone().into(),
                user.created_at.into(),
                user.updated_at.into(),
                user.username.as_ref().map(Username::as_str).into(),
                user.username.as_ref().map(Username::key).into(),
                user.locale.as_ref().map(Locale::as_str).into(),
                user.user_metadata.clone().into(),
                user.app_metadata.clone().into(),
            ]
        };
        Load { staging: &USERS, rows: (0..).zip(users).map(row).collect() }
    }

    async fn tasks(&mut self, tasks: Vec<IncomingTask>) -> std::result::Result<(), String> {
        let (mut kept, mut seen) = (Vec::with_capacity(tasks.len()), HashSet::new());
        for task in tasks {
            let reason = match &task.owner {
                SourceOwner::Subject(owner) if self.is_doubtful(owner) => LONELY,
                _ if !seen.insert(task.id) => TWICE,
                _ => {
                    kept.push(task);
                    continue;
                }
            };
            self.reject(&Reject { kind: "task", id: task.source_id, reason: reason.into() })?;
        }
        if kept.is_empty() {
            return Ok(());
        }
        let rows = (0..).zip(&kept).map(task_row).collect();
        let loads = [Load { staging: &TASKS, rows }];
        let fates = self.run(&loads, &staging::take_tasks(&self.issuer)).await.map_err(said)?;
        let mut fates = fates.into_iter().peekable();
        for (ordinal, task) in (0..).zip(kept) {
            let fate = fates.next_if(|fate| fate.ordinal == ordinal);
            let owner = task.owner.shown();
            match fate.as_ref().map(|fate| fate.word.as_str()) {
                Some("known") => self.report.tasks.already_here += 1,
                Some("owner") if !self.is_rehearsed("owner", &owner) => {
                    let reason = format!("its owner {owner:?} was not imported");
                    self.reject(&Reject { kind: "task", id: task.source_id, reason })?;
                }
                Some("taken") => {
                    let reason = "a task of another account already has its id".into();
                    self.reject(&Reject { kind: "task", id: task.source_id, reason })?;
                }
                _ => self.report.tasks.imported += 1,
            }
        }
        Ok(())
    }

    pub(super) async fn run(&mut self, loads: &[Load], steps: &[Step]) -> Result<Vec<Fate>> {
        let mut attempt = 1;
        loop {
            match self.bulk.run(loads, steps, self.ending).await {
                Ok(rows) => return rows.last().into_iter().flatten().map(Row::read).collect(),
                Err(DbError::Unique(_) | DbError::Orphan) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn rehearse(&mut self, kind: &str, text: Option<&str>) {
        if self.ending == Ending::Rollback {
            self.rehearsed.extend(text.map(|text| brief(kind, text)));
        }
    }

    /// Whether an account of that name may be somebody else here.
    pub(super) fn is_doubtful(&self, owner: &str) -> bool {
        self.doubtful.contains(&brief("owner", owner))
    }

    pub(super) fn is_rehearsed(&self, kind: &str, text: &str) -> bool {
        self.ending == Ending::Rollback && self.rehearsed.contains(&brief(kind, text))
    }
}

fn brief(kind: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, text).hash(&mut hasher);
    hasher.finish()
}

pub(super) fn said(error: DbError) -> String {
    match error {
        DbError::Unique(_) => {
            "another program is writing the same accounts: run the import again".into()
        }
        other => other.to_string(),
    }
}

fn role_rows(users: &[IncomingUser]) -> Load {
    let rows = (0_i64..).zip(users).flat_map(|(ordinal, user)| {
        user.roles.iter().map(move |role| vec![ordinal.into(), role.into()])
    });
    Load { staging: &ROLES, rows: rows.collect() }
}

fn task_row((ordinal, task): (i64, &IncomingTask)) -> Vec<Value> {
    let (subject, owner) = task.owner.parts();
    vec![
        ordinal.into(),
        task.id.into(),
        task.spare.into(),
        subject.into(),
        owner.into(),
        task.title.as_str().into(),
        task.description.as_deref().into(),
        task.is_completed.into(),
        task.completed_at.into(),
        task.priority.into(),
        task.due_at.into(),
        task.due_at.unwrap_or(LATEST).into(),
        fold(&task.title).into(),
        task.description.as_deref().map(fold).into(),
        task.tags.clone().into(),
        task.metadata.clone().into(),
        task.version.into(),
        task.created_at.into(),
        task.updated_at.into(),
    ]
}
