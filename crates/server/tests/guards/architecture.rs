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
pub(crate) fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

pub(crate) fn refuse(breaches: &[String], rule: &str) {
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

/// The rooms that may hold SQL beside the stores.
const DATA: [&str; 5] = ["/src/sql/", "/src/gate/", "/src/db/", "/src/schema/", "/src/transfer/"];

#[test]
fn sql_stands_in_stores_and_the_data_layer_only() {
    let sql = |text: &str| {
        ["\"SELECT ", "\"INSERT INTO ", "\"UPDATE ", "\"DELETE FROM ", "\"WITH ", "\"CREATE "]
            .iter()
            .any(|start| text.contains(start))
    };
    let allowed =
        |name: &str| name.ends_with("/store.rs") || DATA.iter().any(|room| name.contains(room));
    refuse(&breaches(sql, allowed), "SQL belongs in store.rs");
}

#[test]
fn drivers_are_named_in_the_data_layer_only() {
    let drivers = |text: &str| text.contains("tokio_postgres") || text.contains("rusqlite");
    let allowed = |name: &str| name.contains("/src/db/") || name.contains("/src/schema/");
    refuse(&breaches(drivers, allowed), "drivers belong in db/ and schema/");
}

#[test]
fn status_codes_are_named_in_error_and_http_only() {
    let allowed = |name: &str| {
        ["src/error.rs", "/src/http/", "/src/limiter/", "/src/accept/", "verify/"]
            .iter()
            .any(|it| name.contains(it))
    };
    refuse(&breaches(|text| text.contains("StatusCode"), allowed), "statuses belong in the table");
}

/// The folders and files right below `src`, from the lowest to the highest: each uses only those before it.
const ORDER: [&str; 50] = [
    "clock",
    "timestamp",
    "recent",
    "metrics",
    "patience",
    "error",
    "config",
    "crypto",
    "input",
    "email",
    "username",
    "sql",
    "gate",
    "db",
    "metadata",
    "user",
    "schema",
    "audit",
    "single_use",
    "mail",
    "http",
    "dialect",
    "limiter",
    "accept",
    "keys",
    "guesses",
    "passwords",
    "context",
    "tasks",
    "accounts",
    "roles",
    "users",
    "identities",
    "factors",
    "api_keys",
    "devices",
    "sessions",
    "passkeys",
    "codes",
    "emails",
    "pages",
    "exports",
    "letters",
    "transfer",
    "openapi",
    "app",
    "shadow",
    "cli",
    "lib",
    "main",
];

/// The folder or file right below `src` that a path of the server's sources belongs to.
fn room(name: &str) -> Option<&str> {
    let inner = name.strip_prefix("crates/server/src/")?;
    inner.split('/').next().map(|first| first.trim_end_matches(".rs"))
}

/// The rooms that this code names by `crate::`.
fn named_rooms(code: &str) -> std::collections::BTreeSet<&str> {
    let names = code.split("crate::").skip(1).map(|rest| {
        rest.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).next().unwrap_or_default()
    });
    names.filter(|name| ORDER.contains(name)).collect()
}

#[test]
fn no_import_runs_up_and_so_no_circle_crosses_folders() {
    let rank = |name: &str| ORDER.iter().position(|room| *room == name);
    let mut bad = Vec::new();
    for (name, text) in sources() {
        let Some(room) = room(&name) else { continue };
        let Some(own) = rank(room) else {
            bad.push(format!("{name}: `{room}` has no place in the order"));
            continue;
        };
        for other in named_rooms(&code(&text)) {
            if rank(other) > Some(own) {
                bad.push(format!("{name} uses {other}"));
            }
        }
    }
    refuse(&bad, "imports look left in the order of rooms");
}

#[test]
fn nothing_is_imported_in_groups_of_rooms() {
    // `use crate::{db, http}` would hide from the guard above; macros have no room.
    let grouped = |text: &str| {
        text.split("use crate::{").skip(1).any(|rest| {
            let names = rest.split('}').next().unwrap_or_default();
            names.split(',').any(|name| {
                let first = name.trim().split("::").next().unwrap_or_default();
                ORDER.contains(&first)
            })
        })
    };
    refuse(&breaches(grouped, |_| false), "write one `use crate::room::…` for each room");
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

/// A dozen files, and the `mod.rs` that names them.
const DOZEN: usize = 13;

#[test]
fn a_folder_holds_a_dozen_files_or_has_rooms() {
    let mut count = std::collections::BTreeMap::<String, usize>::new();
    let mut files = sources();
    files.extend(rust_files("crates/server/tests"));
    for (name, _) in files {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        *count.entry(folder).or_default() += 1;
    }
    let crowded: Vec<_> = count
        .into_iter()
        .filter(|(_, files)| *files > DOZEN)
        .map(|(folder, files)| format!("{folder} holds {files} files"))
        .collect();
    refuse(&crowded, "give a folder past a dozen files rooms of its own");
}

#[test]
fn nothing_is_left_unfinished() {
    let bad =
        |text: &str| ["todo!(", "unimplemented!(", "FIXME"].iter().any(|it| text.contains(it));
    refuse(&breaches(bad, |_| false), "finish it");
}
