//! What the server writes while it runs: one line an event, and nothing that signs anybody in.

use serde_json::{Value, json};

use crate::program::{Ended, Program, SECRET, shell};
use crate::support::postgres::free_port;

/// Requests that try to forge lines, and the whole life of a session.
fn exercise(url: &str) {
    shell(&format!(
        r#"
        curl -s -o /dev/null "{url}/a%0d%0aforged%1b%5b2J" -H $'X-Request-Id: forged\xc2\x9b31m'
        curl -s -o /dev/null {url}/auth/register -H 'Content-Type: application/json' \
            -d '{{"email":"ada@example.com","password":"violet kettle drum 41"}}'
        curl -s -o /dev/null {url}/auth/login -H 'Content-Type: application/json' \
            -d '{{"email":"ada@example.com\r\nforged","password":"wrong kettle drum 41"}}'
        ANSWER=$(curl -s {url}/auth/login -H 'Content-Type: application/json' \
            -d '{{"email":"ada@example.com","password":"violet kettle drum 41"}}')
        TOKEN=$(echo "$ANSWER" | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
        curl -s -o /dev/null {url}/auth/me -H "Authorization: Bearer $TOKEN" -A $'agent\xc2\x9b2J'
        "#
    ));
}

#[test]
fn logs_hold_no_secret_and_no_forged_line() {
    for format in ["text", "json"] {
        let program = Program::ready().env("LOG_FORMAT", format).env("RUST_LOG", "trace");
        let mut server = program.start(&["serve", "--migrate"]);
        let url = server.url();
        exercise(&url);
        let log = server.stop("TERM").stderr;
        assert!(log.contains("/auth/me"), "{log}");
        for secret in [SECRET, "kettle", "eyJ", "dwr_", "$argon2"] {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
        let controls = log.chars().filter(|it| it.is_control() && *it != '\n').count();
        assert_eq!(controls, 0, "{log:?}");
        assert!(!log.lines().any(|line| line.starts_with("forged")), "{log}");
        if format == "json" {
            for line in log.lines() {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
            }
        }
    }
}

#[test]
fn the_filter_hides_what_it_is_reported_to() {
    let program = Program::ready().env("RUST_LOG", "error");
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    shell(&format!("curl -s -o /dev/null {url}/livez"));
    let log = server.stop("TERM").stderr;
    assert!(!log.contains("INFO") && log.contains("Listening"), "{log}");
}

/// Standard error as JSON lines.
#[track_caller]
fn lines(ended: &Ended) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} in {ended:?}"));
    ended.stderr.lines().map(line).collect()
}

#[test]
fn among_json_lines_the_failure_of_a_start_is_one_of_them() {
    let json = || Program::ready().env("LOG_FORMAT", "json").env("RUST_LOG", "off");
    let behind = json().file("doorward.db", "");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = busy.local_addr().expect("an address").port().to_string();
    for (program, arguments, code, sentence) in [
        (json(), &["serve"][..], 78, "doorward.db does not exist: "),
        (behind, &["serve"], 78, "Migrations are pending on "),
        (json(), &["serve", "--migrate", "--port", &port], 1, "127.0.0.1:"),
    ] {
        let ended = program.run(arguments).expect(code);
        let said = lines(&ended);
        let errors: Vec<_> = said.iter().filter(|it| it["level"] == "ERROR").collect();
        assert_eq!(errors.len(), 1, "{ended:?}");
        let message = errors[0]["message"].as_str().expect("a message");
        assert!(message.starts_with(sentence), "{ended:?}");
        assert!(errors[0]["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{ended:?}");
        assert_eq!(said.last(), Some(errors[0]), "it comes last: {ended:?}");
    }
}

#[test]
fn every_problem_of_the_settings_is_a_json_line_of_its_own() {
    let program = Program::new()
        .env("LOG_FORMAT", "json")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel")
        .env("PASSWORD_MIN_LENGTH", "many");
    let said = lines(&program.run(&["serve"]).expect(78));
    let levels: Vec<_> = said.iter().map(|it| it["level"].as_str().expect("a level")).collect();
    assert_eq!(levels, ["WARN", "ERROR", "ERROR"]);
    assert!(
        said[0]["message"]
            .as_str()
            .expect("a message")
            .starts_with("OTEL_EXPORTER_OTLP_ENDPOINT is not")
    );
}

#[test]
fn the_start_says_what_runs_where_and_which_settings_were_changed() {
    let program = Program::ready().env("LOG_FORMAT", "json").env("ACCESS_TOKEN_TTL", "2h");
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    let said = lines(&server.stop("TERM"));
    let line = |text| said.iter().find(|it| it["message"] == text).expect("the line");
    let started = line("started");
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&started["engine"], &started["address"]), (&json!("sqlite"), &json!(url)));
    assert!(started["schema"].as_i64().is_some_and(|it| it > 1), "{started}");
    let settings = &line("settings that differ from the defaults")["settings"];
    let settings = settings.as_str().expect("a text");
    assert!(settings.contains("ACCESS_TOKEN_TTL=2h "), "{settings}");
    assert!(settings.contains("BETTER_AUTH_SECRET") && !settings.contains(SECRET), "{settings}");
    assert!(!settings.contains("SESSION_IDLE_TTL"), "{settings}");
}

#[test]
fn metrics_have_a_listener_of_their_own_which_answers_nothing_else() {
    let address = format!("127.0.0.1:{}", free_port());
    let program = Program::ready().env("METRICS_LISTEN", &address);
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    let metrics = shell(&format!("curl -s http://{address}/metrics"));
    assert!(
        metrics.contains("\ndoorward_build_info{") && metrics.trim_end().ends_with("# EOF"),
        "{metrics}"
    );
    let status = |url: &str| shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' {url}"));
    assert_eq!(status(&format!("http://{address}/auth/me")), "404");
    assert_eq!(status(&format!("{url}/metrics")), "404");
    let second = Program::ready().env("METRICS_LISTEN", &address);
    let ended = second.run(&["serve", "--migrate", "--port", "0"]).expect(1);
    assert!(
        ended.errors()[0].starts_with(&format!("METRICS_LISTEN: {address} is in use")),
        "{ended:?}"
    );
    let wrong = Program::ready().env("METRICS_LISTEN", "9100").run(&["serve"]).expect(78);
    assert!(
        wrong.errors()[0].contains("METRICS_LISTEN must be an address and a port"),
        "{wrong:?}"
    );
    let weak = Program::ready().env("METRICS_TOKEN", "hunter2").run(&["serve"]).expect(78);
    assert!(weak.errors()[0].contains("METRICS_TOKEN"), "{weak:?}");
    assert!(!weak.stderr.contains("hunter2"), "{weak:?}");
}

#[test]
fn people_are_reported_of_failures_in_text() {
    let ended = Program::ready().run(&["serve"]).expect(78);
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
    // A command that keeps no log speaks to whoever typed it.
    let ended = Program::ready().env("LOG_FORMAT", "json").run(&["user", "list"]).expect(78);
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
}
