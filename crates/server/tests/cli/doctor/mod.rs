//! `doorward doctor` against real things, healthy and broken.

mod outside;
mod postgres;
mod way_in;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::program::{Ended, Program, SECRET};

/// What a run of `doctor --json` found.
pub(crate) struct Examined {
    pub(crate) ended: Ended,
    findings: Vec<Value>,
}

impl Examined {
    pub(crate) fn of(program: &Program, more: &[&str]) -> Self {
        let ended = program.run(&[&["doctor", "--json"], more].concat());
        let findings = ended.json().as_array().expect("a list").clone();
        for finding in &findings {
            let keys: Vec<_> = finding.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["check", "detail", "next", "status"], "{finding}");
            let reported = finding["detail"].as_str().expect("text");
            assert!(reported.ends_with(['.', '?', '!', ';']), "{finding}");
            let is_bad = ["warning", "failed"].contains(&finding["status"].as_str().expect("text"));
            assert_eq!(finding["next"].is_string(), is_bad, "{finding}");
        }
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.contains(SECRET) && !said.contains("hunter2"), "{said}");
        Self { ended, findings }
    }

    /// How the check ended, and what it said.
    #[track_caller]
    pub(crate) fn reported(&self, check: &str) -> (String, String) {
        let found = self.findings.iter().filter(|finding| finding["check"] == check);
        let text =
            |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        // The worst of several.
        let rank = |status: &str| {
            ["ok", "skipped", "warning", "failed"].iter().position(|it| *it == status)
        };
        let worst = found.max_by_key(|finding| rank(&text(finding, "status")));
        let worst = worst.unwrap_or_else(|| panic!("{check} is not among {:#?}", self.findings));
        let reported = format!("{} → {}", text(worst, "detail"), text(worst, "next"));
        if std::env::var_os("SHOW").is_some() {
            crate::support::say(&format!("{} {check}: {reported}", text(worst, "status")));
        }
        (text(worst, "status"), reported)
    }

    /// It ended this way and its words have these in them.
    #[track_caller]
    pub(crate) fn expect(&self, check: &str, status: &str, words: &str) -> &Self {
        let (found, reported) = self.reported(check);
        assert!(found == status && reported.contains(words), "{check} is {found}: {reported}");
        self
    }

    fn with_status(&self, status: &str) -> Vec<&str> {
        let such = self.findings.iter().filter(|finding| finding["status"] == status);
        such.filter_map(|finding| finding["check"].as_str()).collect()
    }
}

/// A SQLite database with every table, in a folder that is its owner's alone.
fn migrated() -> Program {
    let program = Program::new().env("BETTER_AUTH_SECRET", SECRET);
    let program = program.env("DATABASE_URL", "sqlite:doorward.db");
    program.run(&["db", "migrate"]).expect(0);
    // Turns its journal to a write-ahead log, as the first server does.
    program.run(&["key", "list"]).expect(0);
    set_mode(&program.folder().join("doorward.db"), 0o600);
    program
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}

#[test]
fn a_healthy_deployment_on_sqlite_passes_and_nothing_is_changed() {
    let program = migrated();
    let before = std::fs::read(program.folder().join("doorward.db")).expect("the database");
    let examined = Examined::of(&program, &[]);
    assert_eq!(examined.with_status("failed"), [""; 0]);
    assert_eq!(examined.ended.code, Some(0), "{:?}", examined.ended);
    for (check, words) in [
        ("settings.load", "from: environment"),
        ("settings.cors", "ALLOWED_ORIGINS is empty"),
        ("settings.templates", "built-in"),
        ("database.file", "only readable by their owner"),
        ("database.folder", "by its owner"),
        ("database.durability", "a power failure can lose"),
        ("database.integrity", "All pages are intact"),
        ("schema.migrations", "are applied"),
        ("schema.drift", "match the migrations"),
        ("secrets.strength", "about 256 bits"),
        ("secrets.previous", "no previous secrets"),
        ("secrets.files", "No secret was read from a file"),
        ("secrets.keys", "HS256"),
        ("machine.hashing", "sign-ins per second"),
    ] {
        examined.expect(check, "ok", words);
    }
    for (check, words) in [
        ("settings.passkeys", "set PUBLIC_URL"),
        ("schema.privileges", "no logins"),
        ("schema.isolation", "has the owner's id"),
        ("network.redis", "REDIS_URL is not set"),
        ("network.issuers", "No other issuer"),
        ("network.public-url", "PUBLIC_URL is not set"),
        ("mail.smtp", "not configured"),
    ] {
        examined.expect(check, "skipped", words);
    }
    let after = std::fs::read(program.folder().join("doorward.db")).expect("the database");
    assert!(before == after, "the database was changed");
    let left = std::fs::read_dir(program.folder()).expect("the folder").count();
    assert_eq!(left, 1, "something was left behind");
}

#[test]
fn people_read_a_line_for_each_check_and_what_to_do_below_it() {
    let program = migrated();
    set_mode(&program.folder().join("doorward.db"), 0o644);
    let ended = program.run(&["doctor"]).expect(0);
    assert!(!ended.stdout.contains('\u{1b}'), "{}", ended.stdout);
    for line in [
        "Settings\n  ok      load ",
        "\n\nSecrets and keys\n",
        "  warning file ",
        "→ Run chmod 600 doorward.db",
        "  skipped redis ",
        " failed, ",
    ] {
        assert!(ended.stdout.contains(line), "{line:?} is not in\n{}", ended.stdout);
    }
    let strict = program.run(&["doctor", "--strict"]).expect(1);
    assert!(strict.errors()[0].contains("--strict"), "{strict:?}");
}

#[test]
fn a_database_that_is_missing_open_to_others_or_damaged_is_reported() {
    let program = Program::new().env("BETTER_AUTH_SECRET", SECRET);
    let program = program.env("DATABASE_URL", "sqlite:doorward.db");
    let missing = Examined::of(&program, &[]);
    missing.expect("database.file", "failed", "doorward db migrate");
    assert_eq!(missing.ended.code, Some(1));
    assert_eq!(missing.ended.errors(), ["1 check failed."]);
    assert!(!program.folder().join("doorward.db").exists(), "it was made");

    let program = migrated();
    let file = program.folder().join("doorward.db");
    set_mode(&file, 0o666);
    set_mode(program.folder(), 0o777);
    let open = Examined::of(&program, &[]);
    open.expect("database.file", "failed", "can change doorward.db (mode 0666)");
    open.expect("database.folder", "failed", "create files in");
    set_mode(program.folder(), 0o700);
    set_mode(&file, 0o600);

    let mut bytes = std::fs::read(&file).expect("the database");
    let end = bytes.len() - 4096;
    bytes[8192..end].fill(0x5a);
    std::fs::write(&file, bytes).expect("written");
    let damaged = Examined::of(&program, &[]);
    damaged.expect("database.integrity", "failed", "");
    std::fs::write(&file, "not a database at all, and longer than a header ".repeat(100))
        .expect("written");
    let nothing = Examined::of(&program, &[]);
    nothing.expect("database.integrity", "failed", "cannot be read");
}

#[test]
fn drift_and_pending_migrations_are_reported_as_verify_and_status_tell_them() {
    let program = Program::new().env("BETTER_AUTH_SECRET", SECRET);
    let program = program.env("DATABASE_URL", "sqlite:doorward.db");
    program.run(&["db", "migrate", "--to", "3"]).expect(0);
    let behind = Examined::of(&program, &[]);
    behind.expect("schema.migrations", "failed", "0004 tasks");
    behind.expect("secrets.keys", "skipped", "No server has opened this file yet");
    program.run(&["db", "migrate"]).expect(0);
    let drop =
        "import sqlite3; sqlite3.connect('doorward.db').execute('DROP INDEX users_email_key')";
    let mut python = std::process::Command::new("python3");
    let dropped = python.args(["-c", drop]).current_dir(program.folder()).status();
    assert!(dropped.expect("python3").success());
    let drifted = Examined::of(&program, &[]);
    drifted.expect("schema.drift", "failed", "The index users_email_key on users is missing");
    assert_eq!(drifted.with_status("failed"), ["schema.drift"]);
}

#[test]
fn secrets_that_others_can_read_or_guess_are_reported_without_being_shown() {
    let weak = Program::new().env("BETTER_AUTH_SECRET", "hunter2");
    let refused = Examined::of(&weak, &[]);
    refused.expect("settings.load", "failed", "BETTER_AUTH_SECRET has 7 bytes, but at least 32");
    assert_eq!(refused.with_status("ok"), [""; 0]);
    assert_eq!(refused.ended.code, Some(1));

    let guessable = "my-sunshine-iloveyou-my-sunshine-forever";
    let program = Program::new()
        .env("BETTER_AUTH_SECRET", guessable)
        .env("PREVIOUS_SECRETS", SECRET)
        .env("DATABASE_URL", "sqlite:doorward.db");
    let examined = Examined::of(&program, &[]);
    examined.expect("secrets.strength", "warning", "most common passwords");
    examined.expect("secrets.previous", "ok", "One previous secret");
    assert!(!examined.ended.stdout.contains("sunshine"), "{}", examined.ended.stdout);

    let program = Program::new()
        .file("secret", &format!("{SECRET}\n"))
        .file(".env", "SMTP_URL=smtp://ada:hunter2@127.0.0.1:9\nMAIL_FROM=a@example.com\n")
        .env("BETTER_AUTH_SECRET_FILE", "secret");
    set_mode(&program.folder().join("secret"), 0o604);
    set_mode(&program.folder().join(".env"), 0o602);
    let examined = Examined::of(&program, &[]);
    examined.expect("secrets.files", "failed", "can change .env (mode 0602)");
    assert!(examined.with_status("warning").contains(&"secrets.files"), "the file of the secret");
    set_mode(&program.folder().join("secret"), 0o600);
    set_mode(&program.folder().join(".env"), 0o600);
    Examined::of(&program, &[]).expect("secrets.files", "ok", ".env, secret");
}

#[test]
fn what_a_server_would_pass_over_in_the_settings_is_reported() {
    let program = migrated()
        .file(".env", "ALLOWED_ORIGIN=https://a.example\nif x; then\n")
        .env("RUST_LOG", "info,dorward=debug")
        .env("APP_URL", "https://app.example.com")
        .env("PUBLIC_URL", "http://127.0.0.1:9");
    let examined = Examined::of(&program, &["--timeout", "2"]);
    examined.expect("settings.load", "ok", "settings are set");
    examined.expect("settings.cors", "warning", "Add https://app.example.com to ALLOWED_ORIGINS");
    let odd = examined.ended.stdout.clone();
    for words in
        ["did you mean ALLOWED_ORIGINS?", ".env line 2 is ignored", "did you mean doorward?"]
    {
        assert!(odd.to_lowercase().contains(&words.to_lowercase()), "{words}: {odd}");
    }
    let broken = migrated().env("MAIL_TEMPLATES", ".").file("reset-password.en.txt", "{% if %}");
    Examined::of(&broken, &[]).expect("settings.templates", "failed", "doorward mail preview");
    let lacks = migrated().env("REGISTRATION", "verified");
    Examined::of(&lacks, &[]).expect("settings.mail", "failed", "needs SMTP_URL");
}

#[test]
fn key_pairs_that_no_secret_opens_are_reported() {
    let program = migrated().env("TOKEN_ALGORITHM", "EdDSA");
    Examined::of(&program, &[]).expect(
        "secrets.keys",
        "failed",
        "doorward key create --algorithm EdDSA",
    );
    program.run(&["key", "create", "--algorithm", "EdDSA"]).expect(0);
    Examined::of(&program, &[]).expect("secrets.keys", "ok", "has been signing for 0 days");
    let url = format!("sqlite:{}/doorward.db", program.folder().display());
    let other = Program::new()
        .env("DATABASE_URL", &url)
        .env("TOKEN_ALGORITHM", "EdDSA")
        .env("BETTER_AUTH_SECRET", "Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4eW");
    Examined::of(&other, &[]).expect("secrets.keys", "failed", "PREVIOUS_SECRETS");
    let hs256 = Program::new()
        .env("DATABASE_URL", &url)
        .env("BETTER_AUTH_SECRET", "Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4eW");
    Examined::of(&hs256, &[]).expect(
        "secrets.keys",
        "failed",
        "Encrypted with a secret that is not configured",
    );
}

#[test]
fn this_machine_is_measured_against_what_is_asked_of_it() {
    let program = migrated().env("MAX_CONNECTIONS", "1000000");
    let examined = Examined::of(&program, &[]);
    examined.expect("machine.open-files", "failed", "LimitNOFILE");
    let bcrypt = migrated().env("PASSWORD_HASH", "bcrypt:10");
    let examined = Examined::of(&bcrypt, &[]);
    examined.expect("machine.hashing", "ok", "bcrypt:10");
    examined.expect("machine.memory", "ok", "bcrypt needs very little");
}
