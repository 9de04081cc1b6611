//! Where settings come from, what is refused, and what is said about it.

use crate::program::{Program, SECRET};

/// The value and origin that `config print` shows.
#[track_caller]
fn printed(program: &Program, name: &str) -> (String, String) {
    let document = program.run(&["config", "print", "--json"]).json();
    let settings = document["settings"].as_array().expect("a list");
    let found = settings.iter().find(|it| it["name"] == name).expect("the setting");
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("value"), text("origin"))
}

#[test]
fn a_missing_secret_stops_serve_with_exit_78_and_one_sentence() {
    let ended = Program::new().run(&["serve"]).expect(78);
    let sentence = "BETTER_AUTH_SECRET is not set: make one with `openssl rand -hex 32`.";
    assert_eq!(ended.errors(), [sentence]);
    assert_eq!(ended.stderr.lines().count(), 1);
}

#[test]
fn weak_and_published_secrets_stop_every_server_without_being_repeated() {
    for secret in [
        "short",
        "better-auth-secret-12345678901234567890",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "your-secret-key-goes-here-and-is-long-enough",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        for command in ["serve", "dev"] {
            let ended = Program::new().env("SECRET_KEY", secret).run(&[command]).expect(78);
            let errors = ended.errors();
            assert_eq!(errors.len(), 1, "{ended:?}");
            assert!(errors[0].starts_with("SECRET_KEY "), "{ended:?}");
            assert!(errors[0].contains("openssl rand -hex 32"), "{ended:?}");
            assert!(!ended.stderr.contains(secret), "{ended:?}");
        }
    }
}

#[test]
fn a_forgeable_previous_secret_is_refused() {
    let program = Program::ready().env("PREVIOUS_SECRETS", &format!("{SECRET},changeme"));
    let ended = program.run(&["config", "check"]).expect(78);
    assert!(ended.errors()[0].starts_with("PREVIOUS_SECRETS contains a secret that"), "{ended:?}");
}

#[test]
fn all_configuration_problems_are_reported_at_once() {
    let program = Program::new()
        .file("doorward.toml", "prot = 8000\nregistration = 'maybe'\n")
        .file(".env", "SESSION_IDLE_TTL=soon\n")
        .env("PORT", "80a")
        .env("ALLOWED_ORIGINS", "*")
        .env("DATABASE_URL", "mysql://root:hunter2@db/app")
        .env("ALGORITHM", "none");
    let ended = program.run(&["serve"]).expect(78);
    let errors = ended.errors();
    for start in [
        "doorward.toml has an unknown key prot: did you mean port?",
        "registration in doorward.toml must be open, verified or closed, not \"maybe\".",
        "SESSION_IDLE_TTL in .env must be a duration",
        "PORT must be a number from 0 to 65535, not \"80a\".",
        "ALLOWED_ORIGINS must name each origin, because * would",
        "DATABASE_URL",
        "ALGORITHM must be HS256, EdDSA, ES256 or RS256, not \"none\".",
        "BETTER_AUTH_SECRET is not set",
    ] {
        assert_eq!(
            errors.iter().filter(|it| it.starts_with(start)).count(),
            1,
            "{start} {ended:?}"
        );
    }
    assert_eq!(errors.len(), 8, "{ended:?}");
    assert!(!ended.stderr.contains("hunter2"));
}

#[test]
fn an_unknown_key_in_doorward_toml_names_the_nearest_setting() {
    let program = Program::ready().file("doorward.toml", "allowed_orgins = []\n");
    let ended = program.run(&["config", "check"]).expect(78);
    let expected = "doorward.toml has an unknown key allowed_orgins: did you mean allowed_origins?";
    assert_eq!(ended.errors(), [expected]);
}

#[test]
fn doorward_toml_that_cannot_be_read_names_the_line_and_no_content() {
    let program =
        Program::ready().file("doorward.toml", "port = 1\nsecret_key = \"hunter2hunter2\n");
    let ended = program.run(&["config", "check"]).expect(78);
    assert!(ended.errors()[0].starts_with("doorward.toml line 2 cannot be read"), "{ended:?}");
    assert!(!ended.stderr.contains("hunter2"));
    let program = Program::ready().file("doorward.toml", "[server]\nport = 1\n");
    let ended = program.run(&["config", "check"]).expect(78);
    assert!(ended.errors()[0].contains("section [server]"), "{ended:?}");
}

#[test]
fn names_that_are_not_doorwards_are_ignored_in_env_and_environment() {
    let program = Program::ready()
        .file(".env", "NEXT_PUBLIC_API=http://x y z\nDEBUG=\nSMTP=1\n")
        .env("PROJECT_NAME", "x");
    let ended = program.run(&["config", "check", "--offline"]).expect(0);
    assert_eq!(ended.stderr, "The configuration is valid.\n");
}

#[test]
fn a_misspelt_name_in_env_is_pointed_out() {
    let program = Program::ready().file(".env", "ALLOWED_ORIGIN=https://app.example\n");
    let ended = program.run(&["config", "check"]).expect(0);
    assert!(ended.stderr.contains("did you mean ALLOWED_ORIGINS?"), "{ended:?}");
}

#[test]
fn later_places_win_over_earlier_ones_and_each_is_named() {
    let program = Program::new();
    assert_eq!(printed(&program, "PORT"), ("8000".into(), "default".into()));
    let program = program.file("doorward.toml", "port = 8001\naccess_token_ttl = '15m'\n");
    assert_eq!(printed(&program, "PORT"), ("8001".into(), "doorward.toml".into()));
    assert_eq!(printed(&program, "ACCESS_TOKEN_TTL").1, "doorward.toml");
    let program = program.file(".env", "PORT=8002\n");
    assert_eq!(printed(&program, "PORT"), ("8002".into(), ".env".into()));
    let program = program.env("PORT", "8003").env("SECRET_KEY", SECRET);
    assert_eq!(printed(&program, "PORT"), ("8003".into(), "environment PORT".into()));
    assert_eq!(printed(&program, "BETTER_AUTH_SECRET").1, "environment SECRET_KEY");
}

#[test]
fn the_flag_wins_over_the_environment() {
    let program = Program::ready().env("HOST", "192.0.2.1");
    let mut server = program.start(&["serve", "--migrate", "--host", "127.0.0.1"]);
    assert!(server.url().starts_with("http://127.0.0.1:"));
}

#[test]
fn of_several_names_in_one_place_the_first_listed_wins() {
    let program = Program::new()
        .env("JWT_SECRET", "short")
        .env("BETTER_AUTH_SECRET", SECRET)
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", "30");
    let ended = program.run(&["config", "check"]).expect(0);
    let warning = "warning: JWT_SECRET is ignored, because BETTER_AUTH_SECRET is set.";
    assert!(ended.stderr.contains(warning), "{ended:?}");
    assert_eq!(
        printed(&program, "ACCESS_TOKEN_TTL"),
        ("30".into(), "environment ACCESS_TOKEN_EXPIRE_MINUTES".into())
    );
}

#[test]
fn a_secret_can_stand_in_a_file() {
    let program = Program::new().file("secret", &format!("{SECRET}\n"));
    let program = program.env("BETTER_AUTH_SECRET_FILE", "secret");
    program.run(&["config", "check"]).expect(0);
    assert_eq!(printed(&program, "BETTER_AUTH_SECRET").1, "environment BETTER_AUTH_SECRET_FILE");
    let program = program.env("BETTER_AUTH_SECRET", SECRET);
    let ended = program.run(&["config", "check"]).expect(78);
    assert!(ended.errors()[0].contains("are both set: keep one"), "{ended:?}");
    let program = Program::new().env("BETTER_AUTH_SECRET_FILE", "gone");
    let ended = program.run(&["config", "check"]).expect(78);
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
    assert!(ended.errors()[0].starts_with("BETTER_AUTH_SECRET_FILE names \"gone\", which"));
}

#[test]
fn config_print_shows_origins_and_never_a_secret() {
    let other = SECRET.chars().rev().collect::<String>();
    let program = Program::new()
        .file("doorward.toml", &format!("better_auth_secret = '{SECRET}'\n"))
        .env("PREVIOUS_SECRETS", &other)
        .env("DATABASE_URL", "postgresql+asyncpg://ada:hunter2@db.example/app?ssl=require")
        .env("SMTP_URL", "smtp://mail:hunter2@mail.example")
        .env("MAIL_FROM", "a@example.com")
        .env("PUBLIC_URL", "https://auth.example.com");
    for arguments in [&["config", "print"][..], &["config", "print", "--json"]] {
        let ended = program.run(arguments).expect(0);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.contains("hunter2"), "{said}");
        for secret in [SECRET, &other] {
            for at in 0..secret.len() - 4 {
                assert!(!said.contains(&secret[at..at + 4]), "{said}");
            }
        }
        assert!(said.contains("ada:********@db.example/app"), "{said}");
        assert!(said.contains("doorward.toml") && said.contains("environment DATABASE_URL"));
    }
}

#[test]
fn what_this_version_lacks_is_never_silently_accepted() {
    let name = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let ended = Program::ready().env(name, "http://otel").run(&["config", "check"]).expect(0);
    let warning =
        format!("warning: {name} is not supported by this version yet and has no effect.");
    assert!(ended.stderr.contains(&warning), "{ended:?}");
    let ended = Program::ready().env("REGISTRATION", "verified").run(&["config", "check"]);
    assert!(
        ended.expect(78).errors()[0]
            .starts_with("REGISTRATION=verified sends mails, so it needs SMTP_URL")
    );
    for (name, value, words) in [
        ("REGISTRATION_SIGNS_IN", "maybe", "must be true or false"),
        ("REFRESH_WITH_ACCESS_TOKEN", "always", "must be true or false"),
        ("USERNAMES", "some", "must be true or false"),
        ("EMAIL_CHANGE", "on", "must be confirmed or immediate"),
        ("PASSWORD_CHANGE", "off", "must be current or fresh"),
        ("FRESH_SIGN_IN", "0", "must be a duration above zero"),
        ("COMMON_PASSWORDS", "true", "must be refuse or allow"),
        ("PASSWORD_KERNEL", "fast", "must be auto, portable or reference"),
    ] {
        let ended = Program::ready().env(name, value).run(&["config", "check"]).expect(78);
        let error = &ended.errors()[0];
        assert!(error.contains(name) && error.contains(words), "{ended:?}");
    }
    let ended = Program::ready().env("TOKEN_ALGORITHM", "HS512").run(&["config", "check"]);
    assert!(ended.expect(78).errors()[0].contains("must be HS256, EdDSA, ES256 or RS256"));
}

#[test]
fn paths_that_collide_are_refused_and_others_build_a_router() {
    for (auth, tasks) in [
        ("/auth", "/auth"),
        ("/auth", "/auth/login"),
        ("/api/tasks/auth", "/api/tasks"),
        ("/health", "/api/tasks"),
        ("/auth", "/docs"),
        ("/", "/api/tasks"),
        ("/{user_id}", "/api/tasks"),
    ] {
        let program = Program::ready().env("AUTH_PATH", auth).env("TASKS_PATH", tasks);
        program.run(&["config", "check"]).expect(78);
    }
    for (auth, tasks) in [
        ("/api", "/api/tasks"),
        ("/api/v1/auth/", "/api/v1/tasks"),
        ("/api/auth", "/api/{user_id}/tasks"),
        ("/a", "/{user_id}"),
        ("/v1", "/v1/{user_id}/tasks"),
    ] {
        let program = Program::ready().env("AUTH_PATH", auth).env("TASKS_PATH", tasks);
        if program.run(&["config", "check"]).code == Some(0) {
            let document = program.run(&["openapi"]).expect(0).json();
            let login = format!("{}/login", auth.trim_end_matches('/'));
            assert!(document["paths"].get(&login).is_some(), "{auth} {tasks}");
        }
    }
}

#[test]
fn tokens_of_others_count_where_the_secret_has_better_auths_name() {
    let accepted = |program: Program| {
        let document = program.run(&["config", "print", "--json"]).expect(0).json();
        let settings = document["settings"].as_array().unwrap().clone();
        let found = settings.into_iter().find(|it| it["name"] == "ACCEPT_SHARED_SECRET_TOKENS");
        found.unwrap()["value"].as_str().unwrap_or_default() == "true"
    };
    assert!(accepted(Program::new().env("BETTER_AUTH_SECRET", SECRET)));
    for other in ["SECRET_KEY", "JWT_SECRET", "DOORWARD_SECRET"] {
        assert!(!accepted(Program::new().env(other, SECRET)), "{other}");
    }
    let with = |value| {
        let program = Program::new().env("BETTER_AUTH_SECRET", SECRET);
        accepted(program.env("ACCEPT_SHARED_SECRET_TOKENS", value))
    };
    assert!(!with("false"));
    assert!(with("true"));
    let odd = Program::ready().env("ACCEPT_SHARED_SECRET_TOKENS", "maybe");
    odd.run(&["config", "check"]).expect(78);
}

#[test]
fn issuers_stand_in_sections_of_the_file() {
    let good = "[[issuers]]\nissuer = 'https://id.example'\naudience = 'tasks'\n\n\
        [[issuers]]\nissuer = 'https://b.example'\naudience = 'tasks'\njwks_url = 'https://b.example/k'\n";
    Program::ready().file("doorward.toml", good).run(&["config", "check"]).expect(0);
    for bad in [
        "[[issuers]]\nissuer = 'https://id.example'\n",
        "[[issuers]]\nissuer = 'doorward'\naudience = 'tasks'\n",
        "[issuers]\nissuer = 'https://id.example'\naudience = 'tasks'\n",
        "issuers = 'https://id.example'\n",
    ] {
        let program = Program::ready().file("doorward.toml", bad);
        program.run(&["config", "check"]).expect(78);
    }
    let twice = Program::ready().file("doorward.toml", good);
    let ended = twice.env("BETTER_AUTH_URL", "https://b.example").run(&["config", "check"]);
    assert!(ended.expect(78).errors()[0].contains("counts already"));
    for (issuer, code) in [("doorward", 78), ("https://id.example", 78), ("my-next-app", 0)] {
        let program = Program::ready().file("doorward.toml", good);
        program.env("SHARED_SECRET_ISSUER", issuer).run(&["config", "check"]).expect(code);
    }
}

#[test]
fn named_files_replace_the_usual_ones_and_must_exist() {
    let program = Program::new()
        .file(".env", "PORT=1\n")
        .file("other.env", &format!("PORT=2\nSECRET_KEY='{SECRET}'\n"));
    let ended =
        program.run(&["config", "print", "--json", "--env-file", "other.env"]).expect(0).json();
    let port = ended["settings"].as_array().unwrap().iter().find(|it| it["name"] == "PORT");
    assert_eq!(port.unwrap()["value"], "2");
    assert_eq!(port.unwrap()["origin"], "other.env");
    let ended = Program::ready().run(&["config", "check", "--config", "gone.toml"]).expect(78);
    assert!(ended.errors()[0].starts_with("gone.toml cannot be read"), "{ended:?}");
}

#[test]
fn config_check_answers_in_json_too() {
    let good = Program::ready().run(&["config", "check", "--json"]).expect(0);
    assert_eq!(good.json()["ok"], true);
    assert_eq!(good.stderr, "");
    let bad = Program::new().run(&["config", "check", "--json"]).expect(78);
    assert_eq!(bad.json()["ok"], false);
    assert_eq!(bad.json()["problems"].as_array().map(Vec::len), Some(1));
    assert_eq!(bad.stderr, "");
}

#[test]
fn what_cannot_work_for_passkeys_is_said_before_anybody_needs_one() {
    for (settings, said) in [
        (vec![("RP_ID", "127.0.0.1")], "RP_ID must be a domain, not the address 127.0.0.1"),
        (vec![("RP_ID", "https://example.com")], "RP_ID must be a domain without scheme and port"),
        (vec![("RP_ID", "example.com")], "RP_ORIGINS must name one, such as https://example.com"),
        (vec![("RP_ORIGINS", "https://example.com")], "RP_ORIGINS needs RP_ID"),
        (
            vec![("RP_ID", "example.com"), ("RP_ORIGINS", "https://example.org")],
            "RP_ORIGINS names https://example.org, which is not below RP_ID (example.com)",
        ),
        (
            vec![("RP_ID", "example.com"), ("RP_ORIGINS", "http://example.com")],
            "RP_ORIGINS names http://example.com, which is not https",
        ),
    ] {
        for command in [&["serve"][..], &["config", "check"]] {
            let program = settings
                .iter()
                .fold(Program::ready(), |program, (name, value)| program.env(name, value));
            let ended = program.run(command).expect(78);
            let errors = ended.errors();
            assert!(errors.len() == 1 && errors[0].contains(said), "{ended:?}");
        }
    }
    // An address that nobody can make passkeys for is no mistake: passkeys are off, which the routes say.
    Program::ready().env("PUBLIC_URL", "http://10.0.0.7:8000").run(&["config", "check"]).expect(0);
}

#[test]
fn a_dialect_that_is_none_is_refused_in_one_sentence_that_says_what_to_write() {
    for name in ["COMPAT", "DIALECT", "DIALECT_LIST", "DIALECT_ITEM", "DIALECT_DELETE"] {
        let ended = Program::ready()
            .env("COMPAT", if name == "COMPAT" { "hunter2" } else { "todo" })
            .env(name, "hunter2 {\u{1b}[31m")
            .run(&["config", "check", "--offline"])
            .expect(78);
        let errors = ended.errors();
        assert_eq!(errors.len(), 1, "{name}: {ended:?}");
        let message = errors[0];
        assert!(message.contains(name) && message.ends_with('.'), "{name}: {message:?}");
        let next = ["must ", ": choose ", "write "].iter().any(|next| message.contains(next));
        assert!(next, "{name}: {message:?}");
        assert!(!message.contains('\u{1b}'), "{name}: {message:?}");
    }
}
