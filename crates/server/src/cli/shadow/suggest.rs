//! `doorward shadow suggest`: the suggested dialect as TOML, and what no dialect can map.

use std::fmt::Write;
use std::path::Path;

use super::kept;
use crate::cli::terminal::{note, plain};
use crate::cli::{Exit, Failure};
use crate::shadow::{Findings, fit, to_toml};

pub(super) fn run(report: &Path, write: Option<&Path>) -> Exit {
    let findings = kept::read(report)?;
    let text = to_toml(&findings);
    let nothing = findings.dialect.is_empty() && findings.settings.is_empty();
    if nothing {
        note("There is nothing to add: no dialect entry would change a response.");
    } else if let Some(file) = write {
        let before = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(cannot(file, &error)),
        };
        let after = with_section(&before, &text);
        if let Err(error) = toml::from_str::<toml::Table>(&after) {
            let what = format!("{} would no longer be valid TOML: {error}", file.display());
            return Err(Failure::Failed(what));
        }
        kept::replace(file, &after).map_err(|error| cannot(file, &error))?;
        note(&format!("Wrote the dialect to {}. Rehearse again to test it.", file.display()));
    } else {
        crate::cli::output(&text)?;
    }
    if let Some(fit) = fit(&findings) {
        note(&fit.sentence());
    }
    note(&left(&findings));
    Ok(())
}

fn cannot(file: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("{} cannot be read or written: {error}.", file.display()))
}

/// What no dialect can map.
fn left(findings: &Findings) -> String {
    if findings.unmapped.is_empty() {
        return "There are no differences that a dialect cannot handle.".into();
    }
    let mut text = "Differences that a dialect cannot handle:\n".to_owned();
    for (route, all) in &findings.unmapped {
        let _ = writeln!(text, "\n  {}", plain(route));
        for why in all {
            let _ = writeln!(text, "    {}", plain(why));
        }
    }
    text
}

/// The file with this section as its dialect, and the settings before its first table.
fn with_section(before: &str, section: &str) -> String {
    let (settings, tables) = match section.find("[dialect") {
        Some(at) => section.split_at(at),
        None => (section, ""),
    };
    let names: Vec<&str> =
        settings.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    let (mut top, mut below) = (String::new(), String::new());
    let (mut in_table, mut in_dialect) = (false, false);
    for line in before.lines() {
        let start = line.trim_start();
        if start.starts_with('[') && start.trim_end().ends_with(']') {
            in_table = true;
            let name = start.trim_start_matches('[').trim_start();
            in_dialect = ["dialect]", "dialect.", "dialect "].iter().any(|it| name.starts_with(it));
        }
        let is_replaced = !in_table
            && names.iter().any(|name| {
                start.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
            });
        if in_dialect || is_replaced {
            continue;
        }
        let out = if in_table { &mut below } else { &mut top };
        out.push_str(line);
        out.push('\n');
    }
    let mut parts = vec![top.trim_end(), settings.trim_end(), below.trim_end(), tables.trim_end()];
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::with_section;

    #[test]
    fn the_rest_of_the_file_stays_as_it_is() {
        let before = "# ours\nport = 9000\ncompat = \"todo\"\n\n[dialect]\nlist = \"array\"\n\n\
                      [dialect.routes]\n\"GET /x\" = \"tasks.list\"\n\n[[issuers]]\nurl = \"u\"\n";
        let section = "compat = [\"fastapi-users\"]\n\n[dialect]\nlist = \"data\"\n";
        let after = with_section(before, section);
        assert_eq!(
            after,
            "# ours\nport = 9000\n\ncompat = [\"fastapi-users\"]\n\n[[issuers]]\nurl = \"u\"\n\n\
             [dialect]\nlist = \"data\"\n"
        );
        assert_eq!(with_section("", section), section);
        assert_eq!(with_section(&after, section), after);
    }
}
