//! Migrations on PostgreSQL: a dedicated connection to the direct host. The lock is taken inside each
//! migration's transaction (`pg_advisory_xact_lock`), because behind a pooler a session lock would belong to
//! whichever client comes next.

use std::time::Duration;

use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{LockWait, Loss};
use crate::config::PostgresUrl;
use crate::db::postgres::connect::connect;
use crate::schema::catalog;
use crate::schema::catalog::{Change, Object, changes};
use crate::schema::fitness::{SETTINGS, Unfit};
use crate::schema::history;
use crate::schema::history::HistoryRow;
use crate::schema::migrate::error::{MigrateError, MigrateResult, OCCUPIED};
use crate::schema::migrate::sqlite::dropped_tables;
use crate::schema::migration::Engine;
use crate::schema::script::{Direction, LOCK_KEY, SchemaStep};
use crate::schema::tenant_role;
use crate::sql::DbError;

const HISTORY: &str = "SELECT version, name, checksum, \
    to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') \
    FROM doorward_migrations ORDER BY version";
const HAS_HISTORY: &str = "SELECT 1 WHERE to_regclass('doorward_migrations') IS NOT NULL";

/// Delays before a step that lacked the tenant role is retried. Roles belong to the whole cluster; a
/// transaction that waited for another database's migrator to create one still does not see it, but the next
/// transaction does.
const RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(2)];

pub(in crate::schema) struct PostgresMigrator {
    pub(super) client: Client,
    pub(super) tenant: String,
    lock_wait: LockWait,
}

impl PostgresMigrator {
    pub(in crate::schema) async fn connect(
        url: &PostgresUrl,
        tenant: &str,
        lock_wait: LockWait,
    ) -> MigrateResult<Self> {
        let client = connect_awake(url).await?;
        Ok(Self { client, tenant: tenant.into(), lock_wait })
    }

    pub(in crate::schema) async fn history(&self) -> MigrateResult<Option<Vec<HistoryRow>>> {
        if self.rows(HAS_HISTORY).await?.is_empty() {
            return Ok(None);
        }
        let rows = self.rows(HISTORY).await?;
        let records = rows.into_iter().map(|row| {
            let [version, name, checksum, applied_at] = texts(row);
            HistoryRow { version: version.parse().unwrap_or_default(), name, checksum, applied_at }
        });
        Ok(Some(records.collect()))
    }

    /// Stops before any change if the login can neither create nor use the tenant role.
    pub(in crate::schema) async fn ask_for_tenant(&self) -> MigrateResult<()> {
        tenant_role::check(&self.client, &self.tenant).await
    }

    /// Stops before any change if the database accepts no writes, or if its settings change the meaning of
    /// statements.
    pub(in crate::schema) async fn ask_for_fitness(&self) -> MigrateResult<()> {
        match settings(&self.client).await? {
            None => Ok(()),
            Some(unfit) => Err(MigrateError::Refused(format!("The database {unfit}"))),
        }
    }

    /// Runs one step; `None` if another migrator has already done it. After an error the caller drops the
    /// connection, which rolls back.
    pub(in crate::schema) async fn run(
        &self,
        step: SchemaStep,
    ) -> MigrateResult<Option<Vec<Change>>> {
        let mut retries = RETRIES.iter();
        loop {
            self.begin().await?;
            let changes = match (self.execute(step).await, retries.next()) {
                (Err(MigrateError::Unheard(_)), Some(wait)) => {
                    self.client.batch_execute("ROLLBACK").await?;
                    tokio::time::sleep(*wait).await;
                    continue;
                }
                (changes, _) => changes?,
            };
            let end = if changes.is_some() { "COMMIT" } else { "ROLLBACK" };
            self.client.batch_execute(end).await?;
            return Ok(changes);
        }
    }

    /// Runs the steps, counts the rows of all tables they drop, and rolls back.
    pub(in crate::schema) async fn losses(&self, steps: &[SchemaStep]) -> MigrateResult<Vec<Loss>> {
        self.begin().await?;
        let before = self.objects().await?;
        for step in steps {
            self.execute(*step).await?;
        }
        let changes = changes(&before, &self.objects().await?);
        self.client.batch_execute("ROLLBACK").await?;
        let mut losses = Vec::new();
        for table in dropped_tables(&changes) {
            let limit = Loss::COUNTED;
            let count =
                format!("SELECT count(*) FROM (SELECT FROM \"{table}\" LIMIT {limit}) counted");
            let rows = self.number(&count).await?;
            losses.push(Loss { table, rows });
        }
        losses.retain(|loss| loss.rows > 0);
        Ok(losses)
    }

    /// Starts a transaction and takes the lock in it. The login's own timeouts do not apply to a migration.
    pub(super) async fn begin(&self) -> MigrateResult<()> {
        let wait = self.lock_wait.limit.as_millis().max(1);
        let begin = format!(
            "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {wait}; \
             SELECT 1 WHERE pg_try_advisory_xact_lock({LOCK_KEY})"
        );
        if !self.rows(&begin).await?.is_empty() {
            return Ok(());
        }
        let seconds = self.lock_wait.limit.as_secs();
        let who = self.holder().await;
        (self.lock_wait.say)(&format!("Waiting up to {seconds} s for another migrator{who}."));
        let lock = format!("SELECT pg_advisory_xact_lock({LOCK_KEY})");
        match self.client.batch_execute(&lock).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                self.client.batch_execute("ROLLBACK").await?;
                Err(MigrateError::Locked(self.locked().await))
            }
            other => Ok(other?),
        }
    }

    async fn execute(&self, step: SchemaStep) -> MigrateResult<Option<Vec<Change>>> {
        let before = self.objects().await?;
        if step.direction == Direction::Up {
            self.client.batch_execute(history::CREATE).await?;
        }
        if self.recorded(step.migration.version).await? != (step.direction == Direction::Down) {
            return Ok(None);
        }
        let script = step.script(Engine::Postgres, &self.tenant);
        self.client.batch_execute(&script).await.map_err(|error| {
            let why = explain(&error, &script);
            let text = format!("Migration {} failed and was undone: {why}", step.migration);
            match error.code() {
                Some(&SqlState::UNDEFINED_OBJECT) if step.needs_tenant() => {
                    MigrateError::Unheard(text)
                }
                _ => MigrateError::Statement(text),
            }
        })?;
        if step.direction == Direction::Down {
            self.drop_empty_history().await?;
        }
        Ok(Some(changes(&before, &self.objects().await?)))
    }

    async fn recorded(&self, version: i64) -> MigrateResult<bool> {
        if self.rows(HAS_HISTORY).await?.is_empty() {
            return Ok(false);
        }
        let sql = format!("SELECT 1 FROM doorward_migrations WHERE version = {version}");
        Ok(!self.rows(&sql).await?.is_empty())
    }

    async fn drop_empty_history(&self) -> MigrateResult<()> {
        if self.number("SELECT count(*) FROM doorward_migrations").await? == 0 {
            self.client.batch_execute(history::DROP).await?;
        }
        Ok(())
    }

    pub(super) async fn objects(&self) -> MigrateResult<Vec<Object>> {
        let rows = self.rows(&catalog::postgres(&self.tenant)).await?;
        let objects = rows.into_iter().map(|row| {
            let [kind, name, table] = texts(row);
            Object { kind, name, table }
        });
        Ok(objects.collect())
    }

    /// The holder of the lock, as the end of a sentence; empty if unknown.
    async fn holder(&self) -> String {
        match self.rows(&holder_of(LOCK_KEY)).await.map(|mut rows| rows.pop()) {
            Ok(Some(row)) => {
                let [pid, application, user, seconds] = texts(row);
                format!(": process {pid} ({application} as {user}) has held it for {seconds} s")
            }
            _ => String::new(),
        }
    }

    async fn locked(&self) -> String {
        let (wait, who) = (self.lock_wait.limit.as_secs(), self.holder().await);
        format!(
            "Another migrator has held the lock for more than {wait} s{who}. Nothing was changed. \
             Wait for it; if it hangs, end it with SELECT pg_terminate_backend(pid)."
        )
    }

    async fn number(&self, sql: &str) -> MigrateResult<i64> {
        let rows = self.rows(sql).await?;
        let [number] = rows.into_iter().next().map(texts).unwrap_or_default();
        Ok(number.parse().unwrap_or_default())
    }

    pub(super) async fn rows(&self, sql: &str) -> MigrateResult<Vec<Vec<Option<String>>>> {
        Ok(answer(&self.client, sql).await?.1)
    }
}

/// What prevents changes to the database, if anything.
pub(in crate::schema) async fn settings(client: &Client) -> MigrateResult<Option<Unfit>> {
    let sql = format!("SELECT current_setting('transaction_read_only'), {SETTINGS}");
    let (_, mut rows) = answer(client, &sql).await?;
    let [read_only, settings] = rows.pop().map(texts).unwrap_or_default();
    Ok(match (read_only.as_str(), settings) {
        ("on", _) => Some(Unfit::ReadOnly),
        (_, settings) if settings.is_empty() => None,
        (_, settings) => Some(Unfit::Settings(settings)),
    })
}

/// How long a suspended database may take to wake.
const WAKING: Duration = Duration::from_secs(15);
/// Failures faster than this are refusals, not a suspended database.
const ASLEEP: Duration = Duration::from_secs(2);

/// A separate connection. Neon's compute is suspended when idle and takes seconds to wake, so an attempt that
/// timed out is repeated; a refusal is reported immediately.
pub(in crate::schema) async fn connect_awake(url: &PostgresUrl) -> MigrateResult<Client> {
    let begun = tokio::time::Instant::now();
    loop {
        let attempt = tokio::time::Instant::now();
        match connect(url).await {
            Err(_) if attempt.elapsed() >= ASLEEP && begun.elapsed() < WAKING => {
                tracing::info!("the database does not respond yet: it may be waking up");
            }
            other => return Ok(other?),
        }
    }
}

/// The column names and the rows as text, with the simple protocol: no statement is prepared, so a pooler may
/// be in between, and the text is what `psql` would show.
pub(in crate::schema) async fn answer(
    client: &Client,
    sql: &str,
) -> std::result::Result<(Vec<String>, Vec<Vec<Option<String>>>), tokio_postgres::Error> {
    let mut columns = Vec::new();
    let mut rows = Vec::new();
    for message in client.simple_query(sql).await? {
        match message {
            SimpleQueryMessage::RowDescription(found) => {
                columns = found.iter().map(|column| column.name().to_owned()).collect();
            }
            SimpleQueryMessage::Row(row) => {
                rows.push((0..row.len()).map(|index| row.get(index).map(str::to_owned)).collect());
            }
            _ => {}
        }
    }
    Ok((columns, rows))
}

/// The first columns of a row; null becomes empty text.
fn texts<const N: usize>(row: Vec<Option<String>>) -> [String; N] {
    let mut columns = row.into_iter().map(Option::unwrap_or_default);
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

fn holder_of(key: i64) -> String {
    format!(
        "SELECT a.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), a.usename, \
         coalesce(extract(epoch FROM now() - a.xact_start), 0)::bigint \
         FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.database = \
         (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND l.classid::bigint = {} AND l.objid::bigint = {}",
        key >> 32,
        key & 0xffff_ffff
    )
}

impl From<tokio_postgres::Error> for MigrateError {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = describe(&error);
        Self::Database(match error.as_db_error() {
            Some(_) => DbError::Internal(text),
            None => DbError::Away(text),
        })
    }
}

/// The database's error, or why there was no response.
pub(in crate::schema) fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match error.as_db_error() {
        Some(answer) => sentence(answer),
        None => error.source().map_or_else(|| error.to_string(), ToString::to_string),
    }
}

fn sentence(answer: &tokio_postgres::error::DbError) -> String {
    let mut text = format!("{} ({})", answer.message(), answer.code().code());
    for more in [answer.detail(), answer.hint()].into_iter().flatten() {
        text.push_str(". ");
        text.push_str(more.trim_end_matches('.'));
    }
    if *answer.code() == SqlState::DISK_FULL {
        text.push_str(": the disk of the database server is full: free some space, then try again");
    }
    text
}

/// The database's error, with the line of the script it refers to.
pub(super) fn explain(error: &tokio_postgres::Error, script: &str) -> String {
    let Some(answer) = error.as_db_error() else {
        return format!("{error}.");
    };
    let mut text = sentence(answer);
    if answer.code() == &SqlState::LOCK_NOT_AVAILABLE {
        text.push_str(": a table it changes is in use; try again when the database is quieter");
    }
    if *answer.code() == SqlState::DUPLICATE_TABLE {
        text.push_str(OCCUPIED);
    }
    if let Some(ErrorPosition::Original(position)) = answer.position() {
        let position = usize::try_from(*position).unwrap_or(1);
        let before: String = script.chars().take(position.saturating_sub(1)).collect();
        if let Some(line) = script.lines().nth(before.matches('\n').count()) {
            text.push_str(", at: ");
            text.push_str(line.trim().trim_end_matches([' ', '(', ';']));
        }
    }
    text + "."
}
