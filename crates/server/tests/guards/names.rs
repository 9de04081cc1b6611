//! Names mean one thing.

use std::collections::BTreeMap;

use crate::architecture::{refuse, rust_files};
use crate::documents::documents;

/// The name that this line declares, if it declares a type that other files can see.
fn declared(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(limited) => limited.split_once(')')?.1,
        None => rest,
    };
    let (kind, rest) = rest.trim_start().split_once(' ')?;
    let kinds = ["struct", "enum", "trait", "type", "union"];
    let end = |c: char| !c.is_alphanumeric() && c != '_';
    kinds.contains(&kind).then(|| rest.split(end).next()).flatten()
}

#[test]
fn no_name_of_a_type_is_defined_twice() {
    let sources = rust_files("crates/server/src");
    let mut places = BTreeMap::<&str, Vec<&str>>::new();
    for (file, text) in &sources {
        for name in text.lines().filter_map(declared) {
            places.entry(name).or_default().push(file);
        }
    }
    assert!(places.contains_key("Settings") && places.len() > 100, "{places:?}");
    let twice: Vec<_> = places
        .iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(name, files)| format!("{name}: {}", files.join(", ")))
        .collect();
    refuse(&twice, "give each type that other files see a name of its own");
}

/// A number of a list that a reader does not have leads nowhere.
#[test]
fn nothing_refers_to_a_numbered_statement() {
    let mut files = rust_files("crates");
    files.extend(documents());
    let numbered = |text: &str| {
        let lower = text.to_lowercase();
        ["statement ", "statements "].iter().any(|word| {
            lower.split(word).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
    };
    assert!(numbered("Statement 4: nobody") && !numbered("a statement of 4 lines"));
    let own = "tests/guards/names.rs";
    let bad: Vec<_> = files
        .into_iter()
        .filter(|(name, text)| !name.ends_with(own) && numbered(text))
        .map(|(name, _)| name)
        .collect();
    refuse(&bad, "say what holds, not its number in a list");
}
