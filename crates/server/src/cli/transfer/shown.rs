//! What people see of an import: the plan, how far it is, and what came of it.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::terminal::{plain, table};
use crate::transfer::{ImportReport, Plan, Progress, TablePlan, Tally};

/// From one showing to the next.
const EVERY: Duration = Duration::from_millis(200);
const WIDTH: u64 = 30;

/// The tables and columns that are read.
pub(super) fn planned(plan: &Plan) -> String {
    let mut text = format!("Read as {}:\n", plan.profile);
    part(&mut text, "accounts", &plan.users);
    if let Some(identities) = &plan.identities {
        part(&mut text, "links to other providers", identities);
    }
    if let Some(sessions) = &plan.sessions {
        part(&mut text, "sessions", sessions);
    }
    match &plan.tasks {
        Some(tasks) => part(&mut text, "tasks", tasks),
        None => text.push_str("  no tasks: no matching table was found (--tasks-table)"),
    }
    text.trim_end().to_owned()
}

fn part(text: &mut String, what: &str, table: &TablePlan) {
    let fields: Vec<_> =
        table.fields.iter().map(|(field, column)| format!("{field} = {}", plain(column))).collect();
    let _ = writeln!(text, "  {what} from {}: {}", plain(&table.table), fields.join(", "));
    for (what, columns) in [("not read", &table.unread), ("kept as metadata", &table.kept)] {
        if !columns.is_empty() {
            let columns: Vec<_> = columns.iter().map(|column| plain(column)).collect();
            let _ = writeln!(text, "    {what}: {}", columns.join(", "));
        }
    }
}

/// A line on the terminal that says how far it is; nothing where there is no terminal.
pub(super) struct Bar {
    what: &'static str,
    is_seen: bool,
    begun: Instant,
    shown: Option<Instant>,
}

impl Bar {
    pub(super) fn new(what: &'static str) -> Self {
        let is_seen = std::io::stderr().is_terminal();
        Self { what, is_seen, begun: Instant::now(), shown: None }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let now = Instant::now();
        if !self.is_seen || self.shown.is_some_and(|last| now - last < EVERY) {
            return;
        }
        self.shown = Some(now);
        let Progress { done, all } = progress;
        let seconds = (now - self.begun).as_secs().max(1);
        let rate = done / seconds;
        let line = match all.filter(|all| *all > 0) {
            None => format!("{} {done} rows, {rate}/s", self.what),
            Some(all) => {
                let full = (done.min(all) * WIDTH / all).min(WIDTH);
                let bar: String = (0..WIDTH).map(|at| if at < full { '#' } else { '.' }).collect();
                format!(
                    "{} [{bar}] {}% {done}/{all}, {rate}/s",
                    self.what,
                    done.min(all) * 100 / all
                )
            }
        };
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "\r{line}\u{1b}[K");
        let _ = stderr.flush();
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

/// What came of it.
pub(super) fn reported(
    report: &ImportReport,
    is_rehearsal: bool,
    rejects: Option<&Path>,
) -> String {
    let kinds = [
        ("accounts", &report.users),
        ("tasks", &report.tasks),
        ("identities", &report.identities),
        ("sessions", &report.sessions),
        ("roles", &report.roles),
        ("lines", &report.lines),
    ];
    let is_seen = |(name, tally): &&(&str, &Tally)| {
        ["accounts", "tasks"].contains(name) || **tally != Tally::default()
    };
    let row = |(name, tally): &(&str, &Tally)| {
        let number = |number: u64| number.to_string();
        let Tally { imported, already_here, rejected } = **tally;
        vec![(*name).to_owned(), number(imported), number(already_here), number(rejected)]
    };
    let mut text =
        if is_rehearsal { "Nothing was changed. The import would do this:\n" } else { "" }
            .to_owned();
    let headings = ["", "IMPORTED", "HERE ALREADY", "LEFT OUT"];
    text.push_str(&table(&headings, kinds.iter().filter(is_seen).map(row)));
    let mut say = |count: u64, what: &str| {
        if count > 0 {
            let _ = writeln!(text, "{count} {what}");
        }
    };
    say(report.users_without_password, "accounts have no password");
    say(
        report.users_with_unknown_hash,
        "accounts have a password hash of an unknown kind and are imported without a password",
    );
    say(
        report.users_with_unfit_metadata,
        "accounts have metadata that is not an object or is too large, and are imported without it",
    );
    say(report.users_without_email, "accounts have no address");
    say(report.users_shut_out, "accounts are disabled or banned");
    say(report.sessions_expired, "sessions have expired");
    say(report.sessions_ended, "sessions of earlier imports have ended at the source, and here");
    for (role, count) in &report.roles_given {
        say(*count, &format!("accounts have the role {role}"));
    }
    if report.sessions_in_place {
        text.push_str(
            "Sessions are not imported: Better Auth's tables are in this database, and are looked up there.\n",
        );
    }
    if report.rejected() > 0 {
        text.push_str("\nLeft out:\n");
        for (reason, count) in &report.reasons {
            let _ = writeln!(text, "  {count} {}", plain(reason));
        }
        match rejects {
            Some(path) => {
                let _ = writeln!(text, "Each one is in {}.", path.display());
            }
            None => text.push_str("Use --rejects FILE to list them.\n"),
        }
    }
    text
}
