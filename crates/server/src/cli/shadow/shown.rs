//! Formats a report: a table of the routes, each difference in one sentence, and what to do.

use std::fmt::Write;

use crate::cli::terminal::{plain, table};
use crate::shadow::{Difference, Findings, RouteFindings};

/// The whole report.
pub(super) fn report(findings: &Findings, accepted: &[String]) -> String {
    if findings.routes.is_empty() {
        return "There were no requests, so there is nothing to compare.\n".into();
    }
    let rows = findings.routes.iter().map(|(route, found)| row(route, found));
    let headings =
        ["ROUTE", "OPERATION", "CALLS", "SAME", "SUGGESTED", "DIFFER", "SKIPPED", "OLD", "NEW"];
    let mut text = table(&headings, rows);
    text.push_str(
        "\nSAME: equal as configured. SUGGESTED: equal with the suggested dialect. SKIPPED: not compared.\n\
         OLD, NEW: milliseconds, median and 95th percentile; NEW is without a network.\n",
    );
    for (route, found) in &findings.routes {
        let shown: Vec<&Difference> = found.differences.iter().collect();
        if shown.is_empty() && found.not_compared.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}", plain(route));
        for one in shown {
            let _ = writeln!(
                text,
                "  {} {}{}",
                mark(one, accepted),
                plain(&one.sentence()),
                times(one.times)
            );
        }
        for (reason, count) in &found.not_compared {
            let _ = writeln!(text, "  · Not compared: {}{}", plain(reason), times(*count));
        }
    }
    rest(findings, &mut text);
    let calls = findings.calls();
    let differing = findings.differing(accepted);
    let same: u64 = findings.routes.values().map(|route| route.same).sum();
    let suggested: u64 = findings.routes.values().map(|route| route.same_with_dialect).sum();
    let skipped: u64 = findings.routes.values().flat_map(|route| route.not_compared.values()).sum();
    let left = calls - same - suggested - skipped;
    let _ = writeln!(
        text,
        "\nCalls: {calls}, of these {same} the same, {suggested} the same with the suggested dialect, {left} different, \
         {skipped} not compared."
    );
    text.push_str(match (differing, findings.dialect.is_empty()) {
        (0, _) if skipped == calls => "Nothing was compared.\n",
        (0, _) => "No differences were found in the compared calls.\n",
        (_, false) => {
            "Next: `doorward shadow suggest --write doorward.toml`, then rehearse again.\n"
        }
        (_, true) => {
            "No dialect can handle these differences: `doorward shadow suggest` says why.\n"
        }
    });
    text
}

fn row(route: &str, found: &RouteFindings) -> Vec<String> {
    let skipped: u64 = found.not_compared.values().sum();
    let time = |p50: f64, p95: f64| {
        if p95 > 0.0 { format!("{p50:.1} {p95:.1}") } else { String::new() }
    };
    vec![
        route.to_owned(),
        found.operation.clone().unwrap_or_default(),
        found.calls.to_string(),
        found.same.to_string(),
        found.same_with_dialect.to_string(),
        found.differing.to_string(),
        skipped.to_string(),
        time(found.old.p50, found.old.p95),
        time(found.new.p50, found.new.p95),
    ]
}

/// `+` covered by the suggestion, `~` accepted, `!` remaining.
fn mark(one: &Difference, accepted: &[String]) -> char {
    if one.mapped {
        '+'
    } else if accepted.iter().any(|kind| kind == one.kind.word()) {
        '~'
    } else {
        '!'
    }
}

fn times(count: u64) -> String {
    if count == 1 { String::new() } else { format!(" ({count} times)") }
}

fn rest(findings: &Findings, text: &mut String) {
    let has_marks = findings.routes.values().any(|route| !route.differences.is_empty());
    if has_marks {
        text.push_str("\n+ handled by the suggested dialect   ~ accepted   ! remaining\n");
    }
    let more = [
        (findings.overflowed, "exchanges were not compared because the queue was full"),
        (findings.upgrades, "requests for WebSockets or other upgrades were rejected"),
        (findings.unlisted, "exchanges were on routes beyond the listed ones"),
    ];
    for (count, what) in more.into_iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "{count} {what}.");
    }
}
