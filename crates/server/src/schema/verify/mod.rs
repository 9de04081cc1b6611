//! `db verify`: queries the catalog with statements that can be pasted into `psql` or `sqlite3`, compares the
//! results with what the migrations create, and reports each difference (drift) as a sentence. Row-level
//! security is tested by trying to read and write across it. Changes nothing.

mod drift;
mod postgres;
mod proof;
mod sqlite;

use crate::config::DatabaseUrl;
use crate::schema::history::{State, Status};
use crate::schema::migrate::error::MigrateResult;
use crate::schema::migrate::{Migrator, blocking};
use drift::{Check, Rows, drift};

/// A catalog query and its result.
#[derive(Clone, Debug)]
pub struct Answer {
    /// A short title.
    pub title: &'static str,
    /// The statement as it was run.
    pub sql: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, as text.
    pub rows: Vec<Vec<Option<String>>>,
}

/// An attempt to bypass row-level security.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What is attempted.
    pub what: &'static str,
    /// The statement as it was run.
    pub sql: String,
    /// The result.
    pub answer: String,
    /// The expected result.
    pub expected: &'static str,
}

impl Attempt {
    /// Whether the policy worked.
    pub fn holds(&self) -> bool {
        self.answer == self.expected
    }
}

/// The result of a verification.
#[derive(Debug, Default)]
pub struct Report {
    /// The results of the catalog queries.
    pub answers: Vec<Answer>,
    /// The rows inserted for the attempts, as SQL.
    pub planted: String,
    /// The attempts to bypass row-level security; empty on SQLite, or if there is nothing to attempt.
    pub attempts: Vec<Attempt>,
    /// The state of all migrations.
    pub migrations: Vec<Status>,
    /// Pending, edited and unknown migrations, a sentence each.
    pub history: Vec<String>,
    /// All differences from what the migrations create, a sentence each.
    pub drift: Vec<String>,
    /// Failures of row-level security, a sentence each.
    pub isolation: Vec<String>,
}

impl Report {
    /// All problems, a sentence each.
    pub fn problems(&self) -> Vec<&str> {
        [&self.history, &self.drift, &self.isolation]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

/// Verifies the schema of one database.
pub async fn verify(migrator: &Migrator) -> MigrateResult<Report> {
    let migrations = migrator.status().await?;
    if migrations.iter().all(|status| status.state == State::Pending) {
        let history =
            vec!["No migration was applied: `doorward db migrate` creates the tables.".into()];
        return Ok(Report { migrations, history, ..Report::default() });
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
    report.history = migrations.iter().filter_map(problem).collect();
    report.migrations = migrations;
    Ok(report)
}

/// The differences between a schema and what the migrations create.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// All differences, a sentence each.
    pub(super) sentences: Vec<String>,
    /// The statements that create what is missing and needs no decision.
    pub(super) missing: Vec<String>,
}

/// The differences of a PostgreSQL database.
pub(super) async fn differences(
    client: &tokio_postgres::Client,
    tenant: &str,
) -> MigrateResult<Differences> {
    let found = postgres::read(client, tenant).await?;
    let expected = postgres::expected(tenant);
    let mut missing = missing(postgres::CHECKS, &found, &expected, "Keys and constraints");
    // An index of a constraint comes with it, and keys come before what refers to them.
    let constraints = &expected[index_of(postgres::CHECKS, "Keys and constraints")];
    let named = |row: &[Option<String>]| constraints.iter().any(|of| of[..2] == row[..2]);
    missing.retain(|(title, row)| *title != "Indexes" || !named(row));
    missing.sort_by_key(|(title, row)| {
        *title == "Keys and constraints" && text(row, 2).starts_with("FOREIGN")
    });
    let missing = missing.into_iter().map(|(title, row)| match title {
        "Keys and constraints" => format!(
            "ALTER TABLE {} ADD CONSTRAINT {} {}",
            text(&row, 0),
            text(&row, 1),
            text(&row, 2)
        ),
        _ => text(&row, 2).to_owned(),
    });
    let missing = missing.collect();
    let sentences = compared(postgres::CHECKS, found, &expected).drift;
    Ok(Differences { sentences, missing })
}

/// Those of a file, through this connection if one is in use.
pub(super) fn differences_of_file(
    path: &std::path::Path,
    through: Option<&rusqlite::Connection>,
) -> MigrateResult<Differences> {
    let (found, expected) = match through {
        Some(connection) => sqlite::read_through(connection)?,
        None => sqlite::read(path)?,
    };
    let missing = missing(sqlite::CHECKS, &found, &expected, "");
    let missing = missing.into_iter().map(|(_, row)| text(&row, 2).to_owned()).collect();
    let sentences = compared(sqlite::CHECKS, found, &expected).drift;
    Ok(Differences { sentences, missing })
}

/// The expected rows of indexes, triggers and one more check that are missing from existing tables.
fn missing(
    checks: &[Check],
    found: &[Answer],
    expected: &[Rows],
    more: &str,
) -> Vec<(&'static str, Vec<Option<String>>)> {
    let mut rows = Vec::new();
    let tables: Vec<_> = found[0].rows.iter().map(|row| row[0].clone()).collect();
    for (index, check) in checks.iter().enumerate() {
        if check.title == more || ["Indexes", "Triggers"].contains(&check.title) {
            let known = &found[index].rows;
            let lost = expected[index].iter().filter(|row| {
                tables.contains(&row[0]) && !known.iter().any(|it| it[..2] == row[..2])
            });
            rows.extend(lost.map(|row| (check.title, row.clone())));
        }
    }
    rows
}

fn index_of(checks: &[Check], title: &str) -> usize {
    checks.iter().position(|check| check.title == title).unwrap_or_default()
}

fn text(row: &[Option<String>], column: usize) -> &str {
    row.get(column).and_then(Option::as_deref).unwrap_or_default()
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

/// What is wrong with a migration according to the history.
fn problem(status: &Status) -> Option<String> {
    let Status { version, name, .. } = status;
    let what = match status.state {
        State::Applied => return None,
        State::Pending => "is pending: apply it with `doorward db migrate`",
        State::Changed => "was edited after it was applied: its checksum differs",
        State::Unknown => "was applied by a newer binary, which can verify it",
    };
    Some(format!("The migration {version:04} {name} {what}."))
}
