//! The migration runner: applies and reverts migrations, each in one transaction together with its row in
//! `doorward_migrations`, under a lock that serializes migrators. If a migrator is killed, only complete
//! migrations remain, so running it again completes the work. Only `db migrate`, `serve --migrate` and `dev`
//! call it: tables are never created silently.

pub(super) mod error;
mod grant;
pub(super) mod plan;
pub(in crate::schema) mod postgres;
mod repair;
pub(in crate::schema) mod sqlite;

use std::path::PathBuf;
use std::time::Duration;

use crate::config::TENANT_ROLE;
use crate::config::{DatabaseUrl, Settings};
use crate::schema::catalog::Change;
use crate::schema::history::{HistoryRow, Status, statuses};
use crate::schema::migration::Engine;
use crate::schema::script::{SchemaStep, is_role_name};
use crate::sql::DbError;
pub use error::MigrateError;
use error::MigrateResult;
pub(in crate::schema) use grant::script as grant_script;
use plan::{pending_steps, rollback_steps};
use postgres::PostgresMigrator;
pub use repair::Repaired;

/// The error if privileges are requested on SQLite.
const NO_LOGINS: &str = "SQLite has no logins: file permissions are sufficient.";

/// The result of a run.
#[derive(Debug, Default)]
pub struct Applied {
    /// The migrations that this run applied or reverted, in order, without those of concurrent migrators.
    pub migrations: Vec<Done>,
}

/// A migration that was applied or reverted.
#[derive(Debug)]
pub struct Done {
    /// The migration and direction.
    pub step: SchemaStep,
    /// What was created and dropped, according to the catalog.
    pub changes: Vec<Change>,
}

/// The rows in a table that a rollback would drop.
#[derive(Debug)]
pub struct Loss {
    /// The table.
    pub table: String,
    /// Its rows, counted up to [`Loss::COUNTED`].
    pub rows: i64,
}

impl Loss {
    /// The maximum count.
    pub const COUNTED: i64 = 100_000;
}

/// Changes the schema of one database.
#[derive(Clone, Debug)]
pub struct Migrator {
    url: DatabaseUrl,
    tenant: String,
    lock_wait: LockWait,
}

/// How long to wait for a lock of another process, and whom to notify.
#[derive(Clone, Copy, Debug)]
pub(in crate::schema) struct LockWait {
    pub(in crate::schema) limit: Duration,
    pub(in crate::schema) say: fn(&str),
}

enum MigrateSession {
    Sqlite(PathBuf, LockWait),
    Postgres(Box<PostgresMigrator>),
}

impl Migrator {
    /// A migrator for this database with default options.
    pub fn new(url: &DatabaseUrl) -> Self {
        // A pooler in transaction mode is unsuitable for schema changes.
        let url = url.unpooled().unwrap_or_else(|| url.clone());
        Self {
            url,
            tenant: TENANT_ROLE.into(),
            lock_wait: LockWait { limit: Duration::from_secs(30), say: |_| {} },
        }
    }

    /// A migrator for the configured database, on its direct host.
    pub fn of(settings: &Settings) -> Self {
        let url = match (&settings.database, &settings.database_unpooled) {
            (DatabaseUrl::Postgres(_), Some(direct)) => direct,
            (url, _) => url,
        };
        Self { tenant: settings.tenant_role.clone(), ..Self::new(url) }
    }

    /// Sets how long to wait for another migrator, instead of 30 seconds.
    #[must_use]
    pub fn lock_wait(self, lock_wait: Duration) -> Self {
        Self { lock_wait: LockWait { limit: lock_wait, ..self.lock_wait }, ..self }
    }

    /// Sets a function that is called with a sentence when waiting starts.
    #[must_use]
    pub fn on_wait(self, say: fn(&str)) -> Self {
        Self { lock_wait: LockWait { say, ..self.lock_wait }, ..self }
    }

    /// The database it works on, on the direct host.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The function to notify about long waits.
    pub(in crate::schema) fn says(&self) -> fn(&str) {
        self.lock_wait.say
    }

    /// The role that owns `own_tasks`.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The newest applied migration; 0 for none.
    pub async fn version(&self) -> MigrateResult<i64> {
        let history = self.history().await?.unwrap_or_default();
        Ok(history.iter().map(|record| record.version).max().unwrap_or(0))
    }

    /// The engine.
    pub fn engine(&self) -> Engine {
        match self.url {
            DatabaseUrl::Sqlite(_) => Engine::Sqlite,
            DatabaseUrl::Postgres(_) => Engine::Postgres,
        }
    }

    /// Applies the pending migrations up to `to`, reporting each one.
    pub async fn up(
        &self,
        to: Option<i64>,
        report: &mut (dyn FnMut(&Done) + Send),
    ) -> MigrateResult<Applied> {
        let mut session = self.open().await?;
        let steps = pending_steps(&session.history().await?.unwrap_or_default(), to)?;
        if !steps.is_empty()
            && let MigrateSession::Postgres(postgres) = &session
        {
            postgres.ask_for_fitness().await?;
            if steps.iter().any(SchemaStep::needs_tenant) {
                postgres.ask_for_tenant().await?;
            }
        }
        session.run(steps, report).await
    }

    /// Restores missing objects of the migrations, especially row-level security: the role, the view and its
    /// owner, the policy and the grants, which a dump restored into a cluster without the role lacks; also
    /// indexes, triggers and constraints.
    pub async fn repair(&self, dry_run: bool) -> MigrateResult<Repaired> {
        match self.open().await? {
            MigrateSession::Postgres(postgres) => postgres.repair(dry_run).await,
            MigrateSession::Sqlite(path, wait) => {
                blocking(move || repair::file(&path, wait, dry_run)).await
            }
        }
    }

    /// Grants this login exactly what the server needs; returns what it lacked.
    pub async fn grant(&self, login: &str) -> MigrateResult<Vec<String>> {
        match self.open().await? {
            MigrateSession::Postgres(postgres) => postgres.grant(login).await,
            MigrateSession::Sqlite(..) => Err(MigrateError::Refused(NO_LOGINS.into())),
        }
    }

    /// Reverts to `to`, or one migration.
    pub async fn down(
        &self,
        to: Option<i64>,
        report: &mut (dyn FnMut(&Done) + Send),
    ) -> MigrateResult<Applied> {
        let mut session = self.open().await?;
        let steps = rollback_steps(&session.history().await?.unwrap_or_default(), to)?;
        session.run(steps, report).await
    }

    /// The tables with rows that [`Migrator::down`] would drop; changes nothing.
    pub async fn losses(&self, to: Option<i64>) -> MigrateResult<Vec<Loss>> {
        let mut session = self.open().await?;
        let steps = rollback_steps(&session.history().await?.unwrap_or_default(), to)?;
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        session.losses(steps).await
    }

    /// The state of all migrations.
    pub async fn status(&self) -> MigrateResult<Vec<Status>> {
        Ok(statuses(&self.history().await?.unwrap_or_default()))
    }

    /// The rows of the history; `None` if there is no history table.
    pub async fn history(&self) -> MigrateResult<Option<Vec<HistoryRow>>> {
        if let DatabaseUrl::Sqlite(path) = &self.url
            && !path.exists()
        {
            return Ok(None);
        }
        self.open().await?.history().await
    }

    /// What [`Migrator::up`] would run.
    pub async fn plan_up(&self, to: Option<i64>) -> MigrateResult<Vec<SchemaStep>> {
        pending_steps(&self.history().await?.unwrap_or_default(), to)
    }

    /// What [`Migrator::down`] would run.
    pub async fn plan_down(&self, to: Option<i64>) -> MigrateResult<Vec<SchemaStep>> {
        rollback_steps(&self.history().await?.unwrap_or_default(), to)
    }

    async fn open(&self) -> MigrateResult<MigrateSession> {
        if !is_role_name(&self.tenant) {
            return Err(MigrateError::Refused(format!(
                "{:?} is not a usable role name: use lower-case letters, digits and _.",
                self.tenant
            )));
        }
        Ok(match &self.url {
            DatabaseUrl::Sqlite(path) => MigrateSession::Sqlite(path.to_path_buf(), self.lock_wait),
            DatabaseUrl::Postgres(url) => MigrateSession::Postgres(Box::new(
                PostgresMigrator::connect(url, &self.tenant, self.lock_wait).await?,
            )),
        })
    }
}

impl MigrateSession {
    async fn history(&self) -> MigrateResult<Option<Vec<HistoryRow>>> {
        match self {
            Self::Sqlite(path, _) => {
                let path = path.clone();
                blocking(move || sqlite::history(&path)).await
            }
            Self::Postgres(postgres) => postgres.history().await,
        }
    }

    async fn run(
        &mut self,
        steps: Vec<SchemaStep>,
        report: &mut (dyn FnMut(&Done) + Send),
    ) -> MigrateResult<Applied> {
        let mut applied = Applied::default();
        for step in steps {
            let changes = match self {
                Self::Sqlite(path, wait) => {
                    let (path, wait) = (path.clone(), *wait);
                    blocking(move || sqlite::run(&path, wait, step)).await?
                }
                Self::Postgres(postgres) => postgres.run(step).await?,
            };
            if let Some(changes) = changes {
                let done = Done { step, changes };
                report(&done);
                applied.migrations.push(done);
            }
        }
        Ok(applied)
    }

    async fn losses(&mut self, steps: Vec<SchemaStep>) -> MigrateResult<Vec<Loss>> {
        match self {
            Self::Sqlite(path, wait) => {
                let (path, wait) = (path.clone(), *wait);
                blocking(move || sqlite::losses(&path, wait, &steps)).await
            }
            Self::Postgres(postgres) => postgres.losses(&steps).await,
        }
    }
}

pub(in crate::schema) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> MigrateResult<T> + Send + 'static,
) -> MigrateResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| DbError::Internal(error.to_string()))?
}
