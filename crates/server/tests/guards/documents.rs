//! The documents tell the truth: what they name exists, and both README commands are there.

use crate::architecture::root;

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|_| panic!("{name} is missing"))
}

#[test]
fn the_readme_has_both_commands() {
    let readme = read("README.md");
    for command in ["cargo run --release --locked -- dev", "./scripts/test.sh"] {
        assert!(readme.contains(command), "README.md lacks `{command}`");
    }
    assert!(read(".ci/run").contains("./scripts/test.sh"), ".ci/run must call ./scripts/test.sh");
}

#[test]
fn every_path_named_in_architecture_exists() {
    let text = read("ARCHITECTURE.md");
    let named = text.split('`').skip(1).step_by(2).filter(|word| {
        word.contains('/')
            && !word.contains([' ', '*', '{', '…', ':', '<', '('])
            && ["crates", "src", "docs", "scripts", "tests", ".ci", "migrations"]
                .iter()
                .any(|start| word.starts_with(start))
    });
    let mut count = 0;
    for path in named {
        count += 1;
        let found = [root().join(path), root().join("crates/server").join(path)];
        assert!(
            found.iter().any(|path| path.exists()),
            "ARCHITECTURE.md names {path}, which is gone"
        );
    }
    assert!(count > 10, "ARCHITECTURE.md names only {count} paths");
}

/// Every document, as (path from the root, text).
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut names: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
            .map(String::from)
            .into();
    for folder in ["docs", "docs/decisions", "docs/guides"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder").flatten();
        let documents = entries.filter(|it| it.path().extension().is_some_and(|end| end == "md"));
        names.extend(documents.map(|it| format!("{folder}/{}", it.file_name().to_string_lossy())));
    }
    names.into_iter().map(|name| (name.clone(), read(&name))).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    for (file, text) in documents() {
        let folder = root().join(&file).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(target).exists(), "{file} links to {target}, which is gone");
        }
    }
}

/// Each promise names what tests it, and those tests are there.
#[test]
fn the_tests_that_reliability_names_exist() {
    let text = read("docs/reliability.md");
    let mut code = crate::architecture::rust_files("crates/server/tests");
    code.extend(crate::architecture::rust_files("crates/server/src"));
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let (mut promises, mut missing) = (0, Vec::new());
    for row in rows.skip(1) {
        let column = row.trim_end_matches(" |").rsplit(" | ").next().expect("a column of tests");
        let tests: Vec<_> = column.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test: {row}");
        promises += 1;
        let is_there =
            |name: &&str| code.iter().any(|(_, text)| text.contains(&format!("fn {name}(")));
        missing.extend(tests.into_iter().filter(|name| !is_there(name)).map(str::to_owned));
    }
    assert_eq!(missing, Vec::<String>::new(), "docs/reliability.md names tests that are not there");
    assert!(promises >= 25, "only {promises} promises are in docs/reliability.md");
}

/// Whoever upgrades finds a note, if only that there is nothing to do.
#[test]
fn this_version_has_upgrade_notes() {
    let notes = read("docs/operations.md");
    let notes = notes.split("### Upgrade notes").nth(1).expect("upgrade notes");
    let notes = notes.split("\n## ").next().unwrap_or_default();
    let version = format!("**{}**", env!("CARGO_PKG_VERSION"));
    assert!(notes.contains(&version), "docs/operations.md has no upgrade notes of {version}");
}

/// What stands between the marks `<!-- name -->` and `<!-- end -->`.
#[test]
fn the_tables_of_permissions_and_events_are_the_code_s() {
    const FILE: &str = "docs/roles-and-administration.md";
    let text = read(FILE);
    let mut now = text.clone();
    let tables = [
        ("<!-- permissions -->\n", doorward::gate::Permission::table()),
        ("<!-- events -->\n", doorward::audit::Event::table()),
    ];
    for (mark, table) in tables {
        let (before, rest) = now.split_once(mark).expect("the mark");
        let (_, after) = rest.split_once("<!-- end -->").expect("the end");
        now = format!("{before}{mark}{table}<!-- end -->{after}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(root().join(FILE), &now).expect("the document can be written");
    }
    assert!(text == now, "{FILE} is out of date: UPDATE_DOCS=1 cargo test --test guards");
}

#[test]
fn no_merge_left_its_marks_in_scripts_or_documents() {
    let entries = std::fs::read_dir(root().join("scripts")).expect("a folder").flatten();
    let scripts = entries.map(|it| format!("scripts/{}", it.file_name().to_string_lossy()));
    let scripts: Vec<_> = scripts.map(|name| (name.clone(), read(&name))).collect();
    assert!(scripts.len() > 5, "the scripts are somewhere else");
    let marked = scripts.into_iter().chain(documents()).filter(|(_, text)| {
        text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
    });
    let marked: Vec<_> = marked.map(|(name, _)| name).collect();
    assert_eq!(marked, Vec::<String>::new());
}
