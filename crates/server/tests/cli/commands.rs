//! The commands of README.md, CONTRIBUTING.md and `docs/`, run as they are written: each document's in
//! order, in one shell and one new folder. What cannot run here is named with the reason.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::SECRET;
use crate::support::postgres;

/// What a command that cannot run here has in it, and why it cannot.
const ELSEWHERE: [(&str, &str); 6] = [
    ("cargo ", "builds the binary that is under test"),
    ("./scripts/test.sh", "runs this test"),
    ("sudo ", "changes the machine"),
    ("npx neonctl", "needs an account at Neon"),
    ("&& doorward serve", "serves Neon's database until it is stopped"),
    ("heroku ", "needs an account at Heroku"),
];

/// What a person does at the prompt and a script cannot: (in the command, what stands for it).
const AT_THE_PROMPT: [(&str, &str); 4] = [
    // Asks for the password at the terminal.
    (
        "doorward user create ada@example.com",
        "doorward user create ada@example.com --password-stdin <<< 'violet kettle drum 41'",
    ),
    // Runs until it is stopped.
    (" --follow", ""),
    ("<key>", "$(doorward key list --json | jq -r '.[0].kid')"),
    ("psql \"$DATABASE_URL\"", "psql \"$POSTGRES_URL\""),
];

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Each document with its commands, in order.
fn documents() -> Vec<(String, Vec<String>)> {
    let folder = std::fs::read_dir(root().join("docs")).expect("docs");
    let names = folder.map(|entry| entry.expect("an entry").file_name().into_string());
    let names = names.map(|name| format!("docs/{}", name.expect("UTF-8")));
    let mut names: Vec<String> = names.filter(|name| is_markdown(name)).collect();
    names.extend(["README.md".into(), "CONTRIBUTING.md".into()]);
    names.sort();
    let read = |name: &String| std::fs::read_to_string(root().join(name)).expect("a document");
    names.iter().map(|name| (name.clone(), commands(&read(name)))).collect()
}

fn is_markdown(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|kind| kind == "md")
}

/// The commands of a document's blocks: after `$ ` where the block has such lines, else each line.
fn commands(document: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (index, block) in document.split("```").enumerate() {
        let Some((language, block)) = block.split_once('\n') else { continue };
        if index % 2 == 0 || !["console", "sh", "bash", "shell"].contains(&language) {
            continue;
        }
        let has_prompt = block.lines().any(|line| line.starts_with("$ "));
        let mut goes_on = false;
        for line in block.lines().filter(|line| !line.trim().is_empty()) {
            let command = if has_prompt { line.strip_prefix("$ ") } else { Some(line) };
            match (goes_on, command) {
                (true, _) => {
                    let last: &mut String = all.last_mut().expect("a command goes on");
                    last.push('\n');
                    last.push_str(line);
                }
                (false, Some(command)) => all.push(command.to_owned()),
                (false, None) => panic!("neither a command nor the rest of one: {line}"),
            }
            goes_on = line.ends_with('\\');
        }
    }
    all
}

fn elsewhere(command: &str) -> Option<&'static str> {
    ELSEWHERE.iter().map(|(part, _)| *part).find(|part| command.contains(part))
}

/// The script of the commands that can run here, with a server where the document does not start one.
fn script(commands: &[String], port: u16) -> String {
    let ready = format!(
        "for i in $(seq 300); do command curl -sf localhost:{port}/readyz >&2 && break; sleep 0.1; done\n"
    );
    let mut script = String::from(
        "set -eo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n\
         curl() { command curl --fail-with-body \"$@\"; }\n",
    );
    if !commands.iter().any(|command| command.starts_with("doorward serve &")) {
        let _ = write!(script, "doorward serve --migrate &\n{ready}");
    }
    for command in commands {
        let mut line = command.replace("localhost:8000", &format!("localhost:{port}"));
        for (part, instead) in AT_THE_PROMPT {
            line = line.replace(part, instead);
        }
        let _ = write!(script, "echo '>>' {} >&2\n{line}\n", quoted(command));
        if command.starts_with("doorward serve &") {
            script.push_str(&ready);
        }
    }
    script
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[test]
fn every_command_of_the_documents_runs_here_or_is_named_with_a_reason() {
    let all: Vec<String> = documents().into_iter().flat_map(|(_, commands)| commands).collect();
    let used: BTreeSet<_> = all.iter().filter_map(|command| elsewhere(command)).collect();
    let named: BTreeSet<_> = ELSEWHERE.iter().map(|(part, _)| *part).collect();
    assert_eq!(used, named, "these are in no document");
    for (part, _) in AT_THE_PROMPT {
        assert!(all.iter().any(|command| command.contains(part)), "{part} is in no document");
    }
    // What runs begins with a program that is there, or with a variable.
    let runs =
        ["(umask", "curl", "doorward", "export", "printf", "psql", "sqlite3", "TOKEN=$(curl"];
    for command in all.iter().filter(|command| elsewhere(command).is_none()) {
        let first = command.split(' ').next().unwrap_or_default();
        assert!(runs.contains(&first), "can this run here? {command}");
    }
}

#[tokio::test]
async fn the_commands_of_the_documents_do_what_they_are_there_for() {
    let url = postgres::migrated_database().await;
    // psql takes no bare slash in a password.
    let url = url.replace(postgres::PASSWORD, "p%40ss%2Fword");
    let binary = Path::new(env!("CARGO_BIN_EXE_doorward")).parent().expect("a folder");
    for (name, commands) in documents() {
        let here = |command: &String| elsewhere(command).is_none();
        let commands: Vec<String> = commands.into_iter().filter(here).collect();
        if commands.is_empty() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a temp dir");
        let port = postgres::free_port();
        let path = std::env::var("PATH").expect("a PATH");
        let mut bash = Command::new("bash");
        bash.arg("-c")
            .arg(script(&commands, port))
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", binary.display()))
            .env("HOME", folder.path())
            .env("PORT", port.to_string())
            .env("POSTGRES_URL", &url)
            .env("PSQL_PAGER", "")
            .stdin(Stdio::null());
        // README.md says how to set both.
        if name != "README.md" {
            bash.env("DATABASE_URL", "sqlite:doorward.db").env("BETTER_AUTH_SECRET", SECRET);
        }
        let output = bash.output().expect("bash runs");
        let [said, errors] =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(output.status.success(), "{name}\n{errors}\n{said}");
        match name.as_str() {
            "README.md" => {
                assert!(said.contains("\"title\":\"Buy milk\""), "{said}");
                assert!(said.contains("CREATE TABLE") && said.contains("Indexes:"), "{said}");
            }
            "docs/deploy.md" => {
                let copy = std::fs::metadata(folder.path().join("copy.db")).expect("the backup");
                assert_eq!(copy.permissions().mode() & 0o777, 0o600);
                assert!(said.contains("\"status\":\"ready\""), "{said}");
            }
            "docs/verify-tokens.md" => assert!(said.contains("ES256"), "{said}"),
            _ => {}
        }
    }
}

#[test]
fn a_command_goes_on_after_a_backslash_and_a_block_may_have_no_prompt() {
    let document =
        "a\n```console\n$ one \\\n    two\n$ three\n```\nb\n```sh\nfour\n```\n```ini\nx\n```\n";
    assert_eq!(commands(document), ["one \\\n    two", "three", "four"]);
}
