//! `doorward db verify`: prints the SQL, the results and the drift; exits with 1 on drift.

use serde_json::json;

use super::{DbTarget, failure};
use crate::cli::db::report::{say, status_json};
use crate::cli::terminal::table;
use crate::cli::{Exit, Failure};
use crate::schema::Engine;
use crate::schema::verify::{Answer, Report, verify};

pub(in crate::cli) async fn run(target: &DbTarget) -> Exit {
    let report = verify(&target.migrator).await.map_err(|error| failure(&error))?;
    if target.json {
        say!("{:#}", document(target, &report));
    } else {
        show(target, &report);
    }
    match report.problems().len() {
        0 => Ok(()),
        1 => Err(Failure::Failed(format!("{} differs from its migrations.", target.url))),
        count => Err(Failure::Failed(format!(
            "{} differs from its migrations in {count} places.",
            target.url
        ))),
    }
}

fn show(target: &DbTarget, report: &Report) {
    for answer in &report.answers {
        say!("-- {}\n{};\n", answer.title, answer.sql);
        let cells = |row: &Vec<Option<String>>| {
            row.iter().map(|value| value.clone().unwrap_or_default()).collect()
        };
        let headings: Vec<&str> = answer.columns.iter().map(String::as_str).collect();
        if answer.rows.is_empty() {
            say!("(no rows)\n");
        } else {
            say!("{}", table(&headings, answer.rows.iter().map(cells)));
        }
    }
    match target.migrator.engine() {
        Engine::Sqlite => say!(
            "-- Isolation\nSQLite has no row-level security: every statement of the server has the owner's id.\n"
        ),
        Engine::Postgres => attempts(report),
    }
    let problems = report.problems();
    if problems.is_empty() {
        say!("{} matches its migrations.", target.url);
        return;
    }
    for sentence in problems {
        say!("DRIFT: {sentence}");
    }
}

/// As a script for `psql`, with the results as comments.
fn attempts(report: &Report) {
    say!("-- Row-level security, tested with rows of two users that are rolled back");
    if report.attempts.is_empty() {
        say!("-- Not tried.\n");
        return;
    }
    say!("BEGIN;");
    for (index, attempt) in report.attempts.iter().enumerate() {
        say!("SAVEPOINT attempt;\n{};", attempt.sql);
        let verdict = if attempt.holds() { "ok" } else { "FAILED" };
        say!(
            "--   {}: returned {}, expected {}: {verdict}\nROLLBACK TO attempt;",
            attempt.what,
            attempt.answer,
            attempt.expected
        );
        if index == 0 {
            say!("{}", report.planted.trim_end());
        }
    }
    say!("ROLLBACK;\n");
}

fn document(target: &DbTarget, report: &Report) -> serde_json::Value {
    let answers = report.answers.iter().map(|Answer { title, sql, columns, rows }| {
        json!({"title": title, "sql": sql, "columns": columns, "rows": rows})
    });
    let attempts = report.attempts.iter().map(|attempt| {
        json!({
            "attempt": attempt.what, "sql": attempt.sql, "answer": attempt.answer,
            "expected": attempt.expected, "holds": attempt.holds(),
        })
    });
    json!({
        "database": target.url,
        "ok": report.problems().is_empty(),
        "drift": report.problems(),
        "migrations": report.migrations.iter().map(status_json).collect::<Vec<_>>(),
        "answers": answers.collect::<Vec<_>>(),
        "planted": report.planted,
        "attempts": attempts.collect::<Vec<_>>(),
    })
}
