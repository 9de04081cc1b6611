//! The house rules of ARCHITECTURE.md that a compiler does not check.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the root exists")
}

/// Every Rust file below `folder`, as (path from the root, text).
pub(crate) fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no Rust file");
    found
}

fn sources() -> Vec<(String, String)> {
    let mut all = rust_files("crates/server/src");
    all.extend(rust_files("crates/verify/src"));
    all
}

/// The code of a file without its unit tests and comments.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn refuse(breaches: &[String], rule: &str) {
    assert!(breaches.is_empty(), "{rule}:\n  {}", breaches.join("\n  "));
}

/// The sources whose code matches `bad`, except those `allowed` by path.
fn breaches(bad: impl Fn(&str) -> bool, allowed: impl Fn(&str) -> bool) -> Vec<String> {
    sources()
        .into_iter()
        .filter(|(name, text)| !allowed(name) && bad(&code(text)))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_source_file_opens_with_what_it_is() {
    let mut found = sources();
    found.extend(rust_files("crates/server/tests"));
    let bad: Vec<_> = found
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    refuse(&bad, "files open with //!");
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let bad: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    refuse(&bad, "split by use case");
}

#[test]
fn sql_stands_in_stores_and_the_data_layer_only() {
    let sql = |text: &str| {
        ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM ", "\"WITH ", "\"CREATE "]
            .iter()
            .any(|start| text.contains(start))
    };
    let allowed = |name: &str| name.ends_with("/store.rs") || name.contains("/src/db/");
    refuse(&breaches(sql, allowed), "SQL belongs in store.rs");
}

#[test]
fn drivers_are_named_in_the_data_layer_only() {
    let drivers = |text: &str| text.contains("tokio_postgres") || text.contains("rusqlite");
    refuse(&breaches(drivers, |name| name.contains("/src/db/")), "drivers belong in db/");
}

#[test]
fn status_codes_are_named_in_error_and_http_only() {
    let allowed = |name: &str| {
        name.ends_with("src/error.rs") || name.contains("/src/http/") || name.contains("verify/")
    };
    refuse(&breaches(|text| text.contains("StatusCode"), allowed), "statuses belong in the table");
}

#[test]
fn features_use_only_those_to_their_left() {
    const ORDER: [&str; 9] = [
        "keys",
        "accounts",
        "roles",
        "users",
        "identities",
        "sessions",
        "passwords",
        "emails",
        "tasks",
    ];
    let mut bad = Vec::new();
    for (name, text) in sources() {
        let Some(place) = ORDER.iter().position(|it| name.contains(&format!("/src/{it}/"))) else {
            continue;
        };
        let right = ORDER[place + 1..].iter().copied().chain(["app", "cli"]);
        for other in right.filter(|other| code(&text).contains(&format!("crate::{other}::"))) {
            bad.push(format!("{name} uses {other}"));
        }
    }
    refuse(&bad, "features look left");
}

#[test]
fn plumbing_knows_no_feature() {
    let mut bad = Vec::new();
    for (name, text) in sources() {
        let plumbing = [
            "/src/db/",
            "/src/crypto/",
            "/src/audit/",
            "/src/error.rs",
            "/src/config/",
            "/src/clock.rs",
        ];
        if !plumbing.iter().any(|it| name.contains(it)) {
            continue;
        }
        for other in ["keys", "accounts", "roles", "users", "sessions", "tasks", "app", "cli"] {
            if code(&text).contains(&format!("crate::{other}::")) {
                bad.push(format!("{name} uses {other}"));
            }
        }
    }
    refuse(&bad, "plumbing stands below the features");
}

#[test]
fn stores_are_private() {
    refuse(&breaches(|text| text.contains("pub mod store"), |_| false), "`mod store;` is private");
}

#[test]
fn no_name_says_nothing() {
    const EMPTY: [&str; 11] = [
        "util", "utils", "helper", "helpers", "common", "misc", "manager", "service", "base",
        "core", "types",
    ];
    // Tests and examples included.
    let bad: Vec<_> = rust_files("crates")
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.split('/').any(|part| EMPTY.contains(&part.trim_end_matches(".rs"))))
        .collect();
    refuse(&bad, "name what it is");
}

#[test]
fn folders_go_two_levels_deep() {
    let deep: Vec<_> = sources()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.split("/src/").nth(1).is_some_and(|rest| rest.matches('/').count() > 1))
        .collect();
    refuse(&deep, "two levels under src, never three");
}

#[test]
fn nothing_is_left_unfinished() {
    let bad =
        |text: &str| ["todo!(", "unimplemented!(", "FIXME"].iter().any(|it| text.contains(it));
    refuse(&breaches(bad, |_| false), "finish it");
}
