//! `db verify`: asks the catalog what is there, in statements a person can paste into `psql` or
//! `sqlite3`, compares the answers with what the migrations make, and tells every difference (drift)
//! as a sentence. Row-level security is proven by trying to read and write across it. Changes nothing.

mod drift;
mod postgres;
mod proof;
mod sqlite;

use crate::config::DatabaseUrl;
use crate::schema::history::{State, Status};
use crate::schema::migrate::error::MigrateResult;
use crate::schema::migrate::{Migrator, blocking};
use drift::{Check, drift};

/// What the catalog was asked and what it answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What is asked for, in a word or two.
    pub title: &'static str,
    /// The statement as it was run.
    pub sql: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, as text.
    pub rows: Vec<Vec<Option<String>>>,
}

/// One attempt to get past row-level security.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What is tried.
    pub what: &'static str,
    /// The statement as it was run.
    pub sql: String,
    /// What the database answered.
    pub answer: String,
    /// What it must answer.
    pub expected: &'static str,
}

impl Attempt {
    /// Whether the policy held.
    pub fn holds(&self) -> bool {
        self.answer == self.expected
    }
}

/// What a verification found.
#[derive(Debug, Default)]
pub struct Report {
    /// The catalog's answers.
    pub answers: Vec<Answer>,
    /// The rows that were planted for the attempts, as SQL.
    pub planted: String,
    /// The attempts on row-level security; empty on SQLite, or where there is nothing to attempt.
    pub attempts: Vec<Attempt>,
    /// How every migration stands.
    pub migrations: Vec<Status>,
    /// Every difference from what the migrations make, one sentence each.
    pub drift: Vec<String>,
}

/// Verifies the schema of one database.
pub async fn verify(migrator: &Migrator) -> MigrateResult<Report> {
    let migrations = migrator.status().await?;
    if migrations.iter().all(|status| status.state == State::Pending) {
        let drift =
            vec!["No migration was applied: `doorward db migrate` creates the tables.".into()];
        return Ok(Report { migrations, drift, ..Report::default() });
    }
    let mut report = match migrator.url() {
        DatabaseUrl::Sqlite(path) => {
            let path = path.clone();
            let (found, expected) = blocking(move || sqlite::read(&path)).await?;
            compared(sqlite::CHECKS, found, &expected)
        }
        DatabaseUrl::Postgres(url) => {
            let client = crate::schema::migrate::postgres::connect_awake(url).await?;
            let found = postgres::read(&client, migrator.tenant()).await?;
            let expected = postgres::expected(migrator.tenant());
            let mut report = compared(postgres::CHECKS, found, &expected);
            if let Some(unfit) = crate::schema::migrate::postgres::settings(&client).await? {
                report.drift.push(format!("The database {unfit}"));
            }
            proof::prove(&client, &mut report).await?;
            report
        }
    };
    report.drift.splice(0..0, migrations.iter().filter_map(told));
    report.migrations = migrations;
    Ok(report)
}

fn compared(
    checks: &[Check],
    answers: Vec<Answer>,
    expected: &[Vec<Vec<Option<String>>>],
) -> Report {
    let found: Vec<_> = answers.iter().map(|answer| answer.rows.clone()).collect();
    let headers: Vec<_> = answers.iter().map(|answer| answer.columns.clone()).collect();
    let drift = drift(checks, &headers, &found, expected);
    Report { answers, drift, ..Report::default() }
}

/// What the history has to say against a migration.
fn told(status: &Status) -> Option<String> {
    let Status { version, name, .. } = status;
    let what = match status.state {
        State::Applied => return None,
        State::Pending => "is pending: apply it with `doorward db migrate`",
        State::Changed => "was edited after it was applied: its checksum differs",
        State::Unknown => "was applied by a newer binary, which can verify it",
    };
    Some(format!("The migration {version:04} {name} {what}."))
}
