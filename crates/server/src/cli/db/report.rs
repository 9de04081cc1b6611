//! The output of `doorward db`: plans, status and tables, as text or JSON.

use serde_json::{Value, json};

use super::{DbTarget, counted, outline};
use crate::cli::terminal::table;
use crate::schema::migrate::{Done, Loss};
use crate::schema::{Change, Direction, SchemaStep, State, Status};

/// Prints a line of data. A closed pipe (`| head`) is not an error.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}
pub(in crate::cli) use say;

/// What would be done.
pub(in crate::cli) fn plan(target: &DbTarget, steps: &[SchemaStep], losses: &[Loss]) {
    if target.json {
        let migrations: Vec<_> = steps.iter().map(|step| planned_json(target, step)).collect();
        let losses: Vec<_> =
            losses.iter().map(|loss| json!({"table": loss.table, "rows": loss.rows})).collect();
        let document = json!({
            "database": target.url, "dry_run": true, "migrations": migrations, "losses": losses,
        });
        say!("{document:#}");
        return;
    }
    if steps.is_empty() {
        say!("Nothing to do.");
        return;
    }
    for step in steps {
        match step.direction {
            Direction::Up => say!("Would apply {}:", step.migration),
            Direction::Down => say!("Would roll back {}:", step.migration),
        }
        for line in outline(target, step) {
            say!("  {line}");
        }
    }
    if !losses.is_empty() {
        say!("These tables have rows that would be lost: {}.", counted(losses));
    }
    say!("Nothing was changed.");
}

fn planned_json(target: &DbTarget, step: &SchemaStep) -> Value {
    json!({
        "version": step.migration.version, "name": step.migration.name,
        "statements": outline(target, step),
    })
}

/// One applied migration.
pub(in crate::cli) fn done_json(done: &Done) -> Value {
    let direction = match done.step.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let changes: Vec<_> = done.changes.iter().map(change_json).collect();
    json!({
        "version": done.step.migration.version, "name": done.step.migration.name,
        "direction": direction, "changes": changes,
    })
}

fn change_json(change: &Change) -> Value {
    let object = &change.object;
    let table = (!object.table.is_empty()).then_some(&object.table);
    json!({
        "action": change.action, "kind": object.kind, "name": object.name, "table": table,
    })
}

/// The status of all migrations.
pub(in crate::cli) fn status(target: &DbTarget, statuses: &[Status]) {
    let pending = statuses.iter().filter(|status| status.state == State::Pending).count();
    if target.json {
        let migrations: Vec<_> = statuses.iter().map(status_json).collect();
        let document =
            json!({"database": target.url, "pending": pending, "migrations": migrations});
        say!("{document:#}");
        return;
    }
    let rows = statuses.iter().map(|status| {
        let applied_at = status.applied_at.clone().unwrap_or_default();
        vec![
            format!("{:04}", status.version),
            status.name.clone(),
            status.state.word().into(),
            applied_at,
        ]
    });
    say!("{}", table(&["VERSION", "NAME", "STATE", "APPLIED AT"], rows));
    match pending {
        0 => say!("{} is up to date.", target.url),
        1 => say!("1 migration is pending: apply it with `doorward db migrate`."),
        _ => say!("{pending} migrations are pending: apply them with `doorward db migrate`."),
    }
    for status in statuses {
        let what = match status.state {
            State::Changed => "was edited after it was applied",
            State::Unknown => "was applied by a newer binary",
            State::Applied | State::Pending => continue,
        };
        say!("Migration {:04} {} {what}.", status.version, status.name);
    }
}

/// A migration and its status.
pub(in crate::cli) fn status_json(status: &Status) -> Value {
    json!({
        "version": status.version, "name": status.name, "state": status.state.word(),
        "applied_at": status.applied_at,
    })
}
