//! Restores missing objects of the migrations: row-level security, which a restored dump may lack, indexes,
//! triggers and constraints. In one transaction; the report is the difference of `db verify` before and
//! after.

use std::path::Path;

use super::LockWait;
use super::sqlite::{begin, history, open};
use crate::schema::catalog::changes;
use crate::schema::fitness::{ISOLATED, lacking};
use crate::schema::history::{State, statuses};
use crate::schema::migrate::error::{MigrateError, MigrateResult};
use crate::schema::migrate::postgres::{PostgresMigrator, describe, explain};
use crate::schema::script::isolation;
use crate::schema::verify::{Differences, differences, differences_of_file};

/// The result of a repair.
#[derive(Debug, Default)]
pub struct Repaired {
    /// Created objects, such as `created role doorward_tenant`.
    pub changes: Vec<String>,
    /// Problems that are now solved, a sentence each.
    pub righted: Vec<String>,
    /// Remaining problems, which require a decision.
    pub left: Vec<String>,
    /// Whether users are isolated now; always true on SQLite, where statements ensure it.
    pub is_isolated: bool,
}

impl Repaired {
    fn between(before: Differences, after: Differences, failed: Vec<String>) -> Self {
        let gone = |sentence: &String| !after.sentences.contains(sentence);
        let righted = before.sentences.into_iter().filter(gone).collect();
        let left = after.sentences.into_iter().chain(failed).collect();
        Self { righted, left, is_isolated: true, ..Self::default() }
    }
}

impl PostgresMigrator {
    /// Recreates row-level security and what else is missing; rolls back in a dry run.
    pub(in crate::schema) async fn repair(&self, dry_run: bool) -> MigrateResult<Repaired> {
        self.ask_for_fitness().await?;
        self.ask_for_tenant().await?;
        self.begin().await?;
        let objects = self.objects().await?;
        let there = |kind, name| objects.iter().any(|it| it.kind == kind && it.name == name);
        if !there("table", "tasks") {
            return Err(MigrateError::Refused(
                "There are no tables to repair: run `doorward db migrate`.".into(),
            ));
        }
        let applied = self.history().await?.unwrap_or_default();
        let is_whole = !statuses(&applied).iter().any(|status| status.state == State::Pending);
        let before = differences(&self.client, &self.tenant).await?;
        if before.sentences.is_empty() && self.is_isolated().await? && !self.lacks().await? {
            self.client.batch_execute("ROLLBACK").await?;
            return Ok(Repaired { is_isolated: true, ..Repaired::default() });
        }
        let version = applied.iter().map(|row| row.version).max().unwrap_or_default();
        let script = isolation(&self.tenant, there("view", "own_tasks"), version);
        self.client.batch_execute(&script).await.map_err(|error| {
            let why = explain(&error, &script);
            MigrateError::Statement(format!("Nothing was repaired: {why}"))
        })?;
        let mut failed = Vec::new();
        // In a database with pending migrations, their objects are not missing.
        for statement in before.missing.iter().filter(|_| is_whole) {
            self.client.batch_execute("SAVEPOINT missing").await?;
            if let Err(error) = self.client.batch_execute(statement).await {
                failed.push(format!("`{statement}` failed: {}.", describe(&error)));
                self.client.batch_execute("ROLLBACK TO missing").await?;
            }
        }
        let after = differences(&self.client, &self.tenant).await?;
        let mut repaired = Repaired::between(before, after, failed);
        let changes = changes(&objects, &self.objects().await?);
        repaired.changes = changes.iter().map(ToString::to_string).collect();
        repaired.is_isolated = self.is_isolated().await?;
        if !is_whole {
            repaired.left.clear();
        }
        self.client.batch_execute(if dry_run { "ROLLBACK" } else { "COMMIT" }).await?;
        Ok(repaired)
    }

    async fn is_isolated(&self) -> MigrateResult<bool> {
        let rows = self.rows(&format!("SELECT {ISOLATED}")).await?;
        Ok(rows.first().and_then(|row| row.first()?.as_deref()) == Some("t"))
    }

    /// Whether the login itself lacks a privilege.
    async fn lacks(&self) -> MigrateResult<bool> {
        let me = self.rows("SELECT current_user").await?;
        let me = me.into_iter().flatten().flatten().next().unwrap_or_default();
        Ok(self.rows(&lacking(&me)).await?.iter().flatten().flatten().next().is_some())
    }
}

/// Creates the missing indexes and triggers of a file, which has no row-level security.
pub(in crate::schema) fn file(
    path: &Path,
    wait: LockWait,
    dry_run: bool,
) -> MigrateResult<Repaired> {
    let applied = history(path)?.unwrap_or_default();
    if applied.is_empty() {
        return Err(MigrateError::Refused(
            "There are no tables to repair: run `doorward db migrate`.".into(),
        ));
    }
    let is_whole = !statuses(&applied).iter().any(|status| status.state == State::Pending);
    let before = differences_of_file(path, None)?;
    if before.missing.is_empty() || !is_whole {
        let left = if is_whole { before.sentences } else { Vec::new() };
        return Ok(Repaired { left, is_isolated: true, ..Repaired::default() });
    }
    let mut connection = open(path, wait.limit)?;
    let work = begin(&mut connection, path, wait)?;
    let mut failed = Vec::new();
    for statement in &before.missing {
        if let Err(error) = work.execute_batch(statement) {
            failed.push(format!("`{statement}` failed: {error}."));
        }
    }
    let after = differences_of_file(path, Some(&work))?;
    if dry_run {
        work.rollback()?;
    } else {
        work.commit()?;
    }
    Ok(Repaired::between(before, after, failed))
}
