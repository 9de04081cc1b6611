//! What the published package promises: its version, its licences, and types that can grow.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_readme_says_the_version_to_depend_on_and_the_oldest_rust() {
    let readme = read_to_string(here().join("README.md")).unwrap();
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    assert!(readme.contains(&format!("doorward-verify = \"{version}\"")));
    assert!(readme.contains(concat!("Rust ", env!("CARGO_PKG_RUST_VERSION"), " or newer")));
}

#[test]
fn the_package_carries_the_licences_of_the_repository() {
    for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
        let ours = read_to_string(here().join(name)).unwrap();
        assert_eq!(ours, read_to_string(here().join("../..").join(name)).unwrap(), "{name}");
    }
}

/// Every file below this folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn every_public_enum_and_every_struct_with_public_fields_may_grow() {
    let mut checked = 0;
    for file in sources(&here().join("src")) {
        let text = read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let has_fields = line.starts_with("pub struct ")
                && line.ends_with('{')
                && lines[at..]
                    .iter()
                    .take_while(|it| **it != "}")
                    .any(|it| it.starts_with("    pub "));
            if line.starts_with("pub enum ") || has_fields {
                let before = lines[..at].iter().rev().take_while(|it| it.starts_with("#["));
                let may_grow = before.into_iter().any(|it| *it == "#[non_exhaustive]");
                assert!(may_grow, "{file:?}: {line}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 9, "{checked}");
}
