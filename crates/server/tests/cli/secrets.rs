//! What signs is never asked for on the command line, never shown by it, and never
//! too weak to sign.

use std::os::unix::fs::PermissionsExt;

use clap::CommandFactory;

use crate::program::{Program, SECRET};

/// The words of every command there is, such as `db migrate`.
fn commands() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_vec());
        for below in command.get_subcommands() {
            walk(below, &[words, &[below.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(&doorward::cli::Cli::command(), &[], &mut found);
    found
}

#[test]
fn no_help_shows_a_secret_that_is_set() {
    let program = Program::ready()
        .env("DATABASE_URL", "postgres://ada:hunter2@db.example/app")
        .env("SMTP_URL", "smtp://mail:hunter2@mail.example")
        .env("REDIS_URL", "redis://:hunter2@cache.example")
        .env("PREVIOUS_SECRETS", &SECRET.chars().rev().collect::<String>());
    let commands = commands();
    assert!(commands.len() > 40, "{commands:?}");
    for words in commands {
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.push("--help");
        let said = program.run(&arguments).expect(0);
        let said = format!("{}{}", said.stdout, said.stderr);
        assert!(said.contains("Usage:"), "{words:?}");
        for secret in ["hunter2", &SECRET[..8], &SECRET[56..]] {
            assert!(!said.contains(secret), "{words:?}: {said}");
        }
    }
}

/// Arguments stand in every process list.
#[test]
fn no_option_takes_a_secret_or_a_password() {
    fn walk(command: &clap::Command) {
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str().to_lowercase();
            let secret =
                ["secret", "password", "private", "pem"].iter().any(|it| name.contains(it));
            let takes_value = argument.get_action().takes_values();
            assert!(!(secret && takes_value), "{} {name}", command.get_name());
        }
        command.get_subcommands().for_each(walk);
    }
    walk(&doorward::cli::Cli::command());
}

#[test]
fn an_empty_or_short_secret_starts_no_server() {
    for (secret, message) in [
        ("", "BETTER_AUTH_SECRET is not set"),
        (" \t ", "BETTER_AUTH_SECRET is not set"),
        (&SECRET[..31], "BETTER_AUTH_SECRET "),
    ] {
        let program = Program::new().env("BETTER_AUTH_SECRET", secret).env("PORT", "0");
        let ended = program.run(&["serve", "--migrate"]).expect(78);
        assert!(ended.errors()[0].starts_with(message), "{ended:?}");
        assert_eq!(ended.errors().len(), 1, "{ended:?}");
        assert!(!program.folder().join("doorward.db").exists(), "nothing was begun");
    }
    let program = Program::new().env("BETTER_AUTH_SECRET", &SECRET[..32]).env("PORT", "0");
    program.start(&["serve", "--migrate"]).until("Listening");
}

/// What a text sets the secret's names to, as in `.env`, in a shell and in YAML; no `$(openssl …)`.
fn shown(text: &str) -> Vec<String> {
    let mut shown = Vec::new();
    for name in ["BETTER_AUTH_SECRET", "DOORWARD_SECRET", "SECRET_KEY", "JWT_SECRET"] {
        for rest in text.split(name).skip(1) {
            let rest = rest.trim_start_matches(['"', '\'']);
            let Some(rest) = rest.strip_prefix('=').or_else(|| rest.strip_prefix(": ")) else {
                continue;
            };
            let word = rest.split(char::is_whitespace).next().unwrap_or_default();
            shown.push(word.trim_matches(['"', '\'', '`', ')', ',']).to_owned());
        }
    }
    shown.retain(|value| !value.starts_with('$') && !value.is_empty());
    shown
}

/// Every file of a folder and of those below it.
fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|it| it.path()) {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every secret that our own documents show, wherever they show one.
#[test]
fn no_secret_of_the_documentation_starts_a_server() {
    let sample = "export SECRET_KEY='one'  BETTER_AUTH_SECRET=$(two)\n JWT_SECRET: three\n";
    assert_eq!(shown(sample), ["one", "three"]);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths =
        vec![root.join("README.md"), root.join(".env.example"), root.join("SECURITY.md")];
    files(&root.join("docs"), &mut paths);
    let mut found = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(path).expect("a file");
        found.extend(shown(&String::from_utf8_lossy(&bytes)));
    }
    // `docs/better-auth.md` writes `…`, so none at all means that nothing was read.
    assert!(!found.is_empty(), "{paths:?}");
    for secret in found {
        let ended = Program::new().env("BETTER_AUTH_SECRET", &secret).run(&["config", "check"]);
        assert_eq!(ended.code, Some(78), "{secret}: {ended:?}");
    }
}

#[test]
fn what_holds_key_pairs_and_hashes_is_its_owner_s_alone() {
    let program = Program::ready().env("TOKEN_ALGORITHM", "EdDSA");
    program.run(&["db", "migrate"]).expect(0);
    let made = program.run(&["key", "create", "--algorithm", "EdDSA"]).expect(0);
    let listed = program.run(&["key", "list", "--json"]).expect(0);
    let mut server = program.start(&["serve"]);
    server.until("Listening");
    let mut found = 0;
    for entry in std::fs::read_dir(program.folder()).expect("a folder").flatten() {
        let bits = entry.metadata().expect("it exists").permissions().mode() & 0o777;
        assert_eq!(bits, 0o600, "{:?}", entry.file_name());
        found += 1;
    }
    assert!(found >= 2, "the database and its log: {found}");
    let log = server.stop("TERM").stderr;
    for said in [made.stdout, listed.stdout, log] {
        for private in ["\"d\"", "PRIVATE", "sealed", SECRET] {
            assert!(!said.contains(private), "{private} in {said}");
        }
    }
}
