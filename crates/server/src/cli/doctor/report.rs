//! Prints results: for people one line each, by group, with what to do below it; for programs a list.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use super::finding::{Finding, Health, shown};
use crate::cli::terminal::harmless;

/// The style of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    /// Words, for files and pipes.
    Words,
    /// Symbols, for terminals.
    Signs {
        /// With colours.
        coloured: bool,
    },
}

impl Marks {
    /// Symbols only on a terminal, colours unless <https://no-color.org> disables them.
    pub(super) fn of_stdout() -> Self {
        if !std::io::stdout().is_terminal() {
            return Self::Words;
        }
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::Signs { coloured: !refused }
    }

    fn of(self, status: Health) -> String {
        let (word, sign, colour) = match status {
            Health::Ok => ("ok     ", "✔", "32"),
            Health::Warning => ("warning", "!", "33"),
            Health::Failed => ("failed ", "✘", "31"),
            Health::Skipped => ("skipped", "–", "2"),
        };
        match self {
            Self::Words => word.to_owned(),
            Self::Signs { coloured: false } => sign.to_owned(),
            Self::Signs { coloured: true } => format!("\u{1b}[{colour}m{sign}\u{1b}[0m"),
        }
    }
}

/// The results by group, and the number of each status.
pub(super) fn text(findings: &[Finding], marks: Marks, took: Duration) -> String {
    let mut report = String::new();
    let width = findings.iter().map(|finding| finding.name().len()).max().unwrap_or_default();
    let mark = if marks == Marks::Words { 7 } else { 1 };
    let indent = 2 + mark + 1 + width + 2;
    let plain = |text: &str| {
        harmless(text, |c| if c == '\n' { " ".into() } else { c.escape_default().to_string() })
    };
    let mut group = "";
    for finding in findings {
        if finding.group() != group {
            let space = if group.is_empty() { "" } else { "\n" };
            group = finding.group();
            let _ = writeln!(report, "{space}{}", title(group));
        }
        let (mark, name) = (marks.of(finding.status), finding.name());
        let _ = writeln!(report, "  {mark} {name:<width$}  {}", plain(&finding.detail));
        if let Some(next) = &finding.next {
            let _ = writeln!(report, "{:indent$}→ {}", "", plain(next));
        }
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let (ok, warnings) = (count(Health::Ok), count(Health::Warning));
    let (failed, skipped) = (count(Health::Failed), count(Health::Skipped));
    let plural = if warnings == 1 { "" } else { "s" };
    let took = shown(took);
    let _ = writeln!(
        report,
        "\n{ok} ok, {warnings} warning{plural}, {failed} failed, {skipped} skipped in {took}."
    );
    report
}

fn title(group: &str) -> &str {
    match group {
        "settings" => "Settings",
        "database" => "Database",
        "schema" => "Schema",
        "secrets" => "Secrets and keys",
        "network" => "Network",
        "mail" => "Mail",
        "machine" => "This machine",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::CheckName;

    #[test]
    fn a_person_at_a_terminal_sees_signs_and_a_pipe_gets_words() {
        let findings = [
            CheckName("database.tls").ok("It holds"),
            CheckName("database.clock").warning("5 s apart", "Use NTP"),
            CheckName("mail.smtp").failed("It\u{1b}[31m is gone", "Start it"),
            CheckName("mail.queue").skipped("Off"),
        ];
        let report = |marks| text(&findings, marks, Duration::from_millis(1400));
        let signs = report(Marks::Signs { coloured: false });
        let expected = "Database\n  ✔ tls    It holds.\n  ! clock  5 s apart.\n           → Use NTP.\n\n\
            Mail\n  ✘ smtp   It\\u{1b}[31m is gone.\n           → Start it.\n  – queue  Off.\n\n\
            1 ok, 1 warning, 1 failed, 1 skipped in 1.4 s.\n";
        assert_eq!(signs, expected);
        assert!(report(Marks::Signs { coloured: true }).contains("\u{1b}[31m✘\u{1b}[0m smtp"));
        let words = report(Marks::Words);
        assert!(words.contains("  failed  smtp ") && !words.contains('\u{1b}'), "{words}");
    }
}
