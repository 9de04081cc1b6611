//! What commands say is what was meant: which database, who did it, what became of it, what is wrong.

use doorward::audit::Event;
use serde_json::{Value, json};

use crate::program::{Program, SECRET};

const PASSWORD: &str = "correct horse battery staple\n";

/// A database with one account.
fn database() -> Program {
    let program = Program::new().env("DATABASE_URL", "sqlite:doorward.db");
    program.run(&["db", "migrate"]).expect(0);
    program.fed(&["user", "create", "ada@example.com", "--password-stdin"], PASSWORD).expect(0);
    program
}

#[test]
fn the_database_that_nobody_named_is_named() {
    let program = Program::new();
    let missing = program.run(&["user", "list"]).expect(78);
    let note = "warning: DATABASE_URL is not set: using doorward.db in this folder.\n";
    assert!(missing.stderr.starts_with(note), "{missing:?}");
    program.run(&["db", "migrate"]).expect(0);
    assert_eq!(program.run(&["user", "list"]).expect(0).stderr, note);
    let named = program.run(&["user", "list", "--database-url", "sqlite:doorward.db"]).expect(0);
    assert_eq!(named.stderr, "");
}

#[test]
fn commands_beside_the_folder_of_dev_work_on_what_dev_keeps() {
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0"]);
    server.url();
    drop(server);
    let create = ["user", "create", "ada@example.com", "--password-stdin"];
    let made = program.fed(&create, PASSWORD).expect(0);
    let note =
        "warning: DATABASE_URL is not set: using sqlite:.doorward/doorward.db of `doorward dev`.\n";
    assert_eq!(made.stderr, note);
    program.run(&["key", "create", "--algorithm", "ES256"]).expect(0);
    assert!(!program.folder().join("doorward.db").exists());
    // A database of the folder's own comes first.
    program.run(&["db", "migrate", "--database-url", "sqlite:doorward.db"]).expect(0);
    let listed = program.run(&["user", "list", "--json"]).expect(0);
    assert_eq!(listed.json(), json!([]));
}

#[test]
fn taking_a_role_says_what_was_done() {
    let program = database();
    let run =
        |verb: &str| program.run(&["role", verb, "ada@example.com", "admin"]).expect(0).stdout;
    program.fed(&["user", "create", "grace@example.com", "--password-stdin"], PASSWORD).expect(0);
    program.run(&["role", "grant", "grace@example.com", "admin"]).expect(0);
    assert_eq!(run("grant"), "Granted the role admin to ada@example.com.\n");
    assert_eq!(run("grant"), "ada@example.com already had the role admin.\n");
    assert_eq!(run("revoke"), "Revoked the role admin from ada@example.com.\n");
    let nothing = "ada@example.com did not have the role admin; nothing was changed.\n";
    assert_eq!(run("revoke"), nothing);
}

#[test]
fn the_audit_log_refuses_filters_that_nothing_can_match() {
    let program = database();
    for (flag, value) in [("--event", "logon"), ("--outcome", "fail"), ("--ip", "999")] {
        let refused = program.run(&["audit", "list", flag, value]).expect(2);
        assert!(refused.stderr.contains(value) && refused.stdout.is_empty(), "{refused:?}");
    }
    let refused = program.run(&["audit", "list", "--event", "logon"]).expect(2).stderr;
    for event in Event::ALL {
        assert!(refused.contains(event.as_str()), "{refused}");
    }
    for address in ["10.0.0.1", "::ffff:10.0.0.1"] {
        program.run(&["audit", "list", "--ip", address]).expect(0);
    }
}

#[test]
fn the_audit_log_names_the_operator() {
    let program = database().env("USER", "root").env("SUDO_USER", "grace\u{1b}[31m");
    program.run(&["role", "create", "support"]).expect(0);
    let shown = program.run(&["audit", "list", "--event", "role.create"]).expect(0).stdout;
    assert!(shown.contains("by=cli  operator=grace[31m  "), "{shown}");
    let record = program.run(&["audit", "list", "--event", "role.create", "--json"]).expect(0);
    assert_eq!(record.json()[0]["user_agent"], "doorward run by grace[31m");
}

#[test]
fn the_key_that_signs_is_said_to_sign() {
    let program = database().env("BETTER_AUTH_SECRET", SECRET);
    let made = program.run(&["key", "create", "--algorithm", "ES256"]).expect(0).stdout;
    assert!(
        made.contains("signs immediately, because there is no other key of its algorithm"),
        "{made}"
    );
    let next = program.run(&["key", "create", "--algorithm", "ES256", "--json"]).expect(0).json();
    assert_eq!((&next["signs"], &next["stage"]), (&json!(false), &json!("waiting")));
    let listed = program.run(&["key", "list"]).expect(0);
    let stages: Vec<_> = listed
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().nth(2).expect("a stage").to_owned())
        .collect();
    assert_eq!(stages, ["signing", "waiting"], "{listed:?}");
    assert!(listed.stderr.contains("TOKEN_ALGORITHM is HS256 here"), "{listed:?}");
}

#[test]
fn with_json_what_went_wrong_is_json_too() {
    let program = Program::new();
    for arguments in [
        &["user", "list"][..],
        &["user", "show", "ada@example.com"],
        &["role", "list"],
        &["session", "revoke", "--all"],
        &["audit", "list"],
        &["key", "list"],
        &["db", "verify"],
        &["db", "migrate", "--to", "999"],
        &["token", "verify", "x"],
    ] {
        let ended = program.run(&[arguments, &["--json"]].concat());
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        let lines: Vec<Value> = ended
            .stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{ended:?}")))
            .collect();
        assert!(lines.iter().any(|line| line["error"].is_string()), "{ended:?}");
    }
}

#[test]
fn no_word_of_a_token_steers_the_terminal() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let steering = "\u{9b}31m \u{1b}[31m \u{85} \u{202e} \u{2066}";
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "HS256", "kid": steering, "typ": steering}));
    let claims = part(json!({"iss": steering, "sub": steering, "exp": 4_000_000_000_u64}));
    let token = format!("{header}.{claims}.AAAA");
    let program = Program::ready();
    for arguments in [&["token", "inspect", "-"][..], &["token", "inspect", "-", "--json"]] {
        let shown = program.fed(arguments, &token).expect(0);
        let all = format!("{}{}", shown.stdout, shown.stderr);
        let steers = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}".contains(c);
        assert!(!all.contains(steers), "{all:?}");
        assert!(all.contains("\\u009b") || all.contains("\\u{9b}"), "{all}");
    }
    let document = program.fed(&["token", "inspect", "-", "--json"], &token).expect(0).json();
    assert_eq!(document["claims"]["iss"], steering);
}

#[test]
fn a_line_of_env_that_sets_nothing_is_said() {
    for (line, expected) in [
        ("PORT 9000", ".env line 2 sets nothing: write PORT=value."),
        ("DATABASE-URL = sqlite:x.db", ".env line 2 sets nothing: write DATABASE_URL=value."),
        ("BETTER_AUTH_SECRET: x", ".env line 2 sets nothing: write BETTER_AUTH_SECRET=value."),
    ] {
        let program = Program::ready();
        std::fs::write(program.folder().join(".env"), format!("# ours\n{line}\n")).expect(".env");
        let ended = program.run(&["config", "check"]).expect(78);
        assert_eq!(ended.errors(), [expected]);
    }
    let program = Program::ready();
    std::fs::write(program.folder().join(".env"), "NEXT_PUBLIC = 1\nif x; then\n").expect(".env");
    let line =
        ".env line 2 is ignored: it is not a NAME=value line; write one, or start it with #.";
    assert_eq!(program.run(&["config", "check"]).expect(78).errors(), [line]);
    // A server passes over it, since the file is shared.
    let printed = program.run(&["config", "print"]).expect(0).stderr;
    assert!(printed.contains(&format!("warning: {line}\n")), "{printed}");
    let quoted = Program::ready().file(".env", "A=1\nNEXT_PUBLIC=\"hunter2\n");
    let ended = quoted.run(&["config", "check"]).expect(78);
    assert!(ended.errors()[0].starts_with(".env line 2 has an unclosed quote"), "{ended:?}");
    assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
}

#[test]
fn a_misspelt_log_level_is_refused() {
    for (level, code) in [
        ("verbos", 78),
        ("doorward=debug,wran", 78),
        ("doorward=loud", 78),
        ("info", 0),
        ("WARN", 0),
        ("info,doorward::access=debug,hyper=off", 0),
    ] {
        let ended = Program::ready().env("RUST_LOG", level).run(&["config", "check"]).expect(code);
        assert_eq!(ended.stderr.contains("must be like info, debug"), code == 78, "{ended:?}");
    }
    for (filter, nearest) in
        [("info,dorward=debug", "doorward?"), ("info,doorward::acces=debug", "doorward::access?")]
    {
        let program = Program::ready().env("RUST_LOG", filter);
        let ended = program.run(&["config", "check"]).expect(78);
        assert!(ended.errors()[0].ends_with(&format!("did you mean {nearest}")), "{ended:?}");
        // Other programs read the variable too.
        program.run(&["config", "print"]).expect(0);
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_any_file() {
    let bom = '\u{feff}';
    let program = Program::new().env("BETTER_AUTH_SECRET_FILE", "secret");
    let write = |name: &str, text: &str| {
        std::fs::write(program.folder().join(name), format!("{bom}{text}")).expect("a file");
    };
    write("secret", &format!("{SECRET}\r\n"));
    write(".env", "PORT=9001\r\n");
    write("doorward.toml", "host = \"127.0.0.2\"\r\nallowed_origins = [\"https://a.example\"]\r\n");
    let document = program.run(&["config", "print", "--json"]).expect(0).json();
    let value = |name: &str| {
        let settings = document["settings"].as_array().expect("a list");
        settings.iter().find(|it| it["name"] == name).expect("the setting")["value"].clone()
    };
    assert_eq!((value("PORT"), value("HOST")), (json!("9001"), json!("127.0.0.2")));
    // The secret without the mark seals what the secret with the mark must open, and the other way round.
    program.run(&["db", "migrate"]).expect(0);
    program.run(&["key", "create", "--algorithm", "ES256"]).expect(0);
    let mut server = Program::ready()
        .env("TOKEN_ALGORITHM", "ES256")
        .env("DATABASE_URL", &format!("sqlite:{}/doorward.db", program.folder().display()))
        .start(&["serve"]);
    assert!(server.url().starts_with("http://"));
}

#[test]
fn a_server_without_a_terminal_outlives_sighup() {
    let program = Program::ready();
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    server.signal("HUP");
    server.until("SIGHUP: there is no word list, breach file or mail template to reload");
    let answer = std::process::Command::new("curl").args(["-s", &format!("{url}/livez")]).output();
    assert!(answer.expect("curl").status.success());
}

#[test]
fn config_check_finds_what_a_server_would() {
    let program = Program::ready().env("DATABASE_URL", "sqlite:doorward.db");
    let fresh = program.run(&["config", "check"]).expect(0);
    assert!(fresh.stderr.contains("doorward.db does not exist yet"), "{fresh:?}");
    program.run(&["db", "migrate", "--to", "2"]).expect(0);
    let behind = program.run(&["config", "check"]).expect(78);
    assert!(behind.errors()[0].starts_with("Migrations are pending on "), "{behind:?}");
    program.run(&["db", "migrate"]).expect(0);
    let good = program.run(&["config", "check"]).expect(0);
    assert_eq!(good.stderr, "The configuration is valid.\n");
    let keyless = program.env("TOKEN_ALGORITHM", "ES256");
    let found = keyless.run(&["config", "check"]).expect(78);
    assert!(found.errors()[0].contains("doorward key create --algorithm ES256"), "{found:?}");
    keyless.run(&["config", "check", "--offline"]).expect(0);
    let away = "postgresql://ada:hunter2@127.0.0.1:1/app";
    let dead = Program::ready().env("DATABASE_URL", away);
    dead.run(&["config", "check"]).expect(0);
    let dead = dead.run(&["config", "check", "--json", "--connect"]);
    let found = dead.expect(78).json();
    assert!(found["problems"][0].as_str().is_some_and(|it| it.contains("127.0.0.1:1")), "{found}");
    Program::ready().env("DATABASE_URL", away).run(&["config", "check", "--offline"]).expect(0);
}

#[test]
fn a_refresh_token_that_was_cut_is_still_called_one() {
    let cut = Program::ready().fed(&["token", "inspect", "-", "--json"], "dwr_AaIjQJ38").expect(0);
    assert_eq!(cut.json()["kind"], "refresh token");
    let why = "format: it starts like a refresh token, but was truncated or altered";
    assert_eq!(cut.json()["failing"], why);
}
