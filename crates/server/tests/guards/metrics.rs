//! Metrics, and what people watch them with: the list, the table, the dashboard, the alerts and the page that
//! a server answers name the same ones.

use std::collections::BTreeSet;

use doorward::config::Secret;
use doorward::metrics::{FAMILIES, table};
use serde_json::Value;

use crate::architecture::{root, rust_files};
use crate::support::{Engine, TestApp};

const TOKEN: &str = "6f1c1c2f8a7d4e0b9a35d7be0c4e81f2a9";
const PAGE: &str = "docs/metrics.md";
const RULES: &str = "deploy/prometheus/doorward.rules.yml";
const DASHBOARD: &str = "deploy/grafana/doorward.json";

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|_| panic!("{name} is missing"))
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    let metric = |word: &&str| word.starts_with("doorward_") || word.starts_with("process_");
    words.filter(metric).map(str::to_owned).collect()
}

/// What a server answers: every name that a sample may have.
async fn live() -> (BTreeSet<String>, BTreeSet<String>) {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.metrics_token = Some(Secret::new(TOKEN));
    })
    .await;
    let reply = app.anonymous().with_token(TOKEN).get("/metrics").await.expect(200).text();
    let kinds = reply.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let mut samples = BTreeSet::new();
    let mut families = BTreeSet::new();
    for (name, kind) in kinds {
        families.insert(name.to_owned());
        let ends: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        samples.extend(ends.iter().map(|end| format!("{name}{end}")));
    }
    (families, samples)
}

#[tokio::test]
async fn a_server_shows_what_the_list_says_and_nothing_else() {
    let listed: BTreeSet<_> = FAMILIES.iter().map(|family| family.name.to_owned()).collect();
    assert_eq!(live().await.0, listed);
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_name_metrics_that_a_server_shows() {
    let (_, samples) = live().await;
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() > 20, "{} panels", panels.len());
    let mut shown = BTreeSet::new();
    for panel in panels {
        for target in panel["targets"].as_array().expect("targets") {
            shown.extend(named(target["expr"].as_str().expect("an expression")));
        }
    }
    let alerts = named(&read(RULES));
    for (file, names) in [(DASHBOARD, &shown), (RULES, &alerts)] {
        let strange: Vec<_> = names.difference(&samples).collect();
        assert!(strange.is_empty(), "{file} names {strange:?}");
        assert!(names.len() > 10, "{file} names {names:?} only");
    }
    // A metric that nobody can see is of no use.
    let families = FAMILIES.iter().map(|family| family.name);
    let unseen: Vec<_> =
        families.filter(|name| !shown.iter().any(|it| it.starts_with(name))).collect();
    assert!(unseen.is_empty(), "{DASHBOARD} lacks {unseen:?}");
}

/// That it moves as it should is what such a test is for.
#[test]
fn a_test_names_each_metric() {
    let tests = rust_files("crates/server/tests");
    let tests = tests.into_iter().filter(|(name, _)| !name.contains("/guards/"));
    let known = named(&tests.map(|(_, text)| text).collect::<String>());
    let families = FAMILIES.iter().map(|family| family.name);
    let untested: Vec<_> =
        families.filter(|name| !known.iter().any(|it| it.starts_with(name))).collect();
    assert!(untested.is_empty(), "no test moves {untested:?}");
}

#[test]
fn the_page_says_what_to_do_at_each_alert() {
    let (rules, page) = (read(RULES), read(PAGE));
    let alerts: Vec<_> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in &alerts {
        assert!(page.contains(&format!("\n### {alert}\n")), "{PAGE} lacks {alert}");
    }
    let headed = page.lines().filter_map(|line| line.strip_prefix("### Doorward"));
    assert_eq!(headed.count(), alerts.len(), "{PAGE} has headings of alerts that are gone");
}

#[test]
fn the_table_of_metrics_is_the_code_s() {
    let text = read(PAGE);
    let (before, rest) = text.split_once("<!-- metrics -->\n").expect("the mark");
    let (_, after) = rest.split_once("<!-- end -->").expect("the end");
    let now = format!("{before}<!-- metrics -->\n{}<!-- end -->{after}", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(root().join(PAGE), &now).expect("the document can be written");
    }
    assert!(text == now, "{PAGE} is out of date: UPDATE_DOCS=1 cargo test --test guards");
}
