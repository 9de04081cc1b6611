//! What the server writes while it runs: one line an event, and nothing that signs anybody in.

use crate::program::{Program, SECRET, shell};

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
fn the_filter_hides_what_it_is_told_to() {
    let program = Program::ready().env("RUST_LOG", "error");
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    shell(&format!("curl -s -o /dev/null {url}/livez"));
    let log = server.stop("TERM").stderr;
    assert!(!log.contains("INFO") && log.contains("Listening"), "{log}");
}
