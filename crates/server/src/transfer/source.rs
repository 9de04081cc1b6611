//! The source of an import: another program's database, or a file. It returns items in batches through a
//! short channel, so that memory stays bounded.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::incoming::{Item, Reading};
use super::lines;
use super::mapping::{Overrides, Plan, Profile, TablePlan, plan};
use super::row_cells::Cells;
use crate::config::DatabaseUrl;
use crate::db::foreign::{ForeignDatabase, ForeignDump, ForeignRow};

/// Rows per batch.
const BATCH: usize = 5000;

/// An open source.
#[derive(Debug)]
pub struct ImportSource(SourceKind);

#[derive(Debug)]
enum SourceKind {
    Database { database: ForeignDatabase, plan: Box<Plan> },
    File { path: PathBuf, profile: Profile, overrides: Overrides },
}

impl ImportSource {
    /// Opens `from`: the URL of a database, or a file. The error is one sentence.
    pub async fn open(from: &str, profile: Profile, overrides: &Overrides) -> Result<Self, String> {
        let path = Path::new(from);
        let ending = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
        let profile = match (profile, ending.as_deref()) {
            (Profile::Auto, Some("jsonl" | "ndjson" | "json")) => Profile::Jsonl,
            (Profile::Auto, Some("csv")) => Profile::Csv,
            (profile, _) => profile,
        };
        if matches!(profile, Profile::Jsonl | Profile::Csv) {
            if !path.is_file() {
                return Err(format!("There is no file {from}."));
            }
            let (path, overrides) = (path.to_owned(), overrides.clone());
            return Ok(Self(SourceKind::File { path, profile, overrides }));
        }
        if ForeignDump::is_at(path, ending.as_deref() == Some("sql"))? {
            return tokio::task::block_in_place(|| Self::of_dump(path, profile, overrides));
        }
        let url = if path.is_file() {
            DatabaseUrl::Sqlite(path.into())
        } else {
            DatabaseUrl::parse(from)?
        };
        // Cursors belong to a session.
        let url = url.unpooled().unwrap_or(url);
        let describe = |error: crate::sql::DbError| error.to_string();
        let mut database = ForeignDatabase::open(&url).await.map_err(describe)?;
        let tables = database.tables().await.map_err(describe)?;
        let profile = if profile == Profile::Auto { Profile::of(&tables) } else { profile };
        let plan = Box::new(plan(profile, &tables, overrides)?);
        Ok(Self(SourceKind::Database { database, plan }))
    }

    fn of_dump(path: &Path, profile: Profile, overrides: &Overrides) -> Result<Self, String> {
        let dump = ForeignDump::open(path)?;
        let profile = if profile == Profile::Auto { Profile::of(dump.tables()) } else { profile };
        let plan = Box::new(plan(profile, dump.tables(), overrides)?);
        let database = ForeignDatabase::of_dump(&dump, &|table| plan.reads(table))?;
        Ok(Self(SourceKind::Database { database, plan }))
    }

    /// The mapping of tables and columns, for a database.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.0 {
            SourceKind::Database { plan, .. } => Some(plan),
            SourceKind::File { .. } => None,
        }
    }

    /// Whether the operator must name the issuer of the source's ids.
    pub fn needs_issuer(&self) -> bool {
        self.is_made_by(Profile::BetterAuth) || self.is_neon_auth()
    }

    /// Whether its users have tokens of Neon Auth.
    pub fn is_neon_auth(&self) -> bool {
        self.is_made_by(Profile::NeonAuth)
    }

    fn is_made_by(&self, profile: Profile) -> bool {
        self.plan().is_some_and(|plan| plan.profile == profile.name())
    }

    /// Whether there are sessions to read.
    pub(super) fn has_sessions(&self) -> bool {
        self.plan().is_some_and(|plan| plan.sessions.is_some())
    }

    /// Reads no sessions.
    pub(super) fn leave_sessions(&mut self) {
        if let SourceKind::Database { plan, .. } = &mut self.0 {
            plan.sessions = None;
        }
    }

    /// Whether 32 hexadecimal digits are a UUID there.
    pub(super) fn has_bare_uuids(&self) -> bool {
        matches!(&self.0, SourceKind::Database { database, .. } if database.is_sqlite())
    }

    /// The number of rows, if known.
    pub(super) async fn count(&mut self) -> Result<Option<u64>, String> {
        let SourceKind::Database { database, plan } = &mut self.0 else { return Ok(None) };
        let mut all = 0;
        for table in plan.tables() {
            let rows = database.rows(&table.count).await.map_err(|error| error.to_string())?;
            let count = rows.into_iter().flatten().flatten().next().unwrap_or_default();
            all += count.parse::<u64>().unwrap_or(0);
        }
        Ok(Some(all))
    }

    /// Reads it on a separate task or thread, which ends when its results are no longer used.
    pub(super) fn items(self, reading: Reading) -> Receiver<Result<Vec<Item>, String>> {
        let (sender, receiver) = channel(2);
        match self.0 {
            SourceKind::Database { database, plan } => {
                tokio::spawn(async move {
                    if let Err(error) = scan(database, &plan, &reading, &sender).await {
                        let _ = sender.send(Err(error)).await;
                    }
                });
            }
            SourceKind::File { path, profile, overrides } => {
                tokio::task::spawn_blocking(move || {
                    let mut send = |batch| sender.blocking_send(Ok(batch)).is_ok();
                    let read = match profile {
                        Profile::Csv => lines::csv(&path, &reading, &overrides, &mut send),
                        _ => lines::json(&path, &reading, &overrides, &mut send),
                    };
                    if let Err(error) = read {
                        let _ = sender.blocking_send(Err(error));
                    }
                });
            }
        }
        receiver
    }
}

async fn scan(
    mut database: ForeignDatabase,
    plan: &Plan,
    reading: &Reading,
    sender: &Sender<Result<Vec<Item>, String>>,
) -> Result<(), String> {
    let user = |table: &TablePlan, row: &ForeignRow| {
        Some(reading.user(Cells { fields: &table.places(), row }, table.rest(row)))
    };
    let link =
        |table: &TablePlan, row: &ForeignRow| reading.link(Cells { fields: &table.places(), row });
    let session = |table: &TablePlan, row: &ForeignRow| {
        Some(reading.session(Cells { fields: &table.places(), row }))
    };
    let task = |table: &TablePlan, row: &ForeignRow| {
        Some(reading.task(Cells { fields: &table.places(), row }, table.rest(row)))
    };
    rows_of(&mut database, &plan.users, &user, sender).await?;
    if let Some(identities) = &plan.identities {
        rows_of(&mut database, identities, &link, sender).await?;
    }
    if let Some(sessions) = &plan.sessions {
        rows_of(&mut database, sessions, &session, sender).await?;
        let _ = sender.send(Ok(vec![Item::SessionsRead])).await;
    }
    match &plan.tasks {
        Some(tasks) => rows_of(&mut database, tasks, &task, sender).await,
        None => Ok(()),
    }
}

async fn rows_of(
    database: &mut ForeignDatabase,
    table: &TablePlan,
    item: &(dyn Fn(&TablePlan, &ForeignRow) -> Option<Item> + Sync),
    sender: &Sender<Result<Vec<Item>, String>>,
) -> Result<(), String> {
    let describe = |error: crate::sql::DbError| format!("{}: {error}", table.table);
    database.scan(&table.select).await.map_err(describe)?;
    loop {
        let rows = database.next(BATCH).await.map_err(describe)?;
        if rows.is_empty() {
            return Ok(());
        }
        let items = rows.iter().filter_map(|row| item(table, row)).collect();
        if sender.send(Ok(items)).await.is_err() {
            return Ok(());
        }
    }
}
