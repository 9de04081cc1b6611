//! SIGHUP: the operator's files are read anew, what is broken leaves what was read before, and nothing else
//! changes.

use std::time::{Duration, Instant};

use serde_json::json;

use super::signal;
use crate::support::process::Server;

/// SHA-1 of "quarry lantern 58 moth" and of "saffron bicycle dune 7".
const FIRST: &str = "E6EEAE1A75ED52F8291DFEBB2E8AA3A49D4BE84B";
const SECOND: &str = "A57843A099C1B778CE26B7417F85279DF135B2E9";

async fn says(server: &Server, text: &str) {
    let until = Instant::now() + Duration::from_secs(30);
    while !server.log().contains(text) {
        assert!(Instant::now() < until, "{text} is not in the log: {}", server.log());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn register(server: &Server, name: &str, password: &str) -> u16 {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "password": password});
    server.anonymous().post("/auth/register", body).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_reads_words_breaches_and_templates_anew_and_rotates_nothing() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("words.txt"), "rocketworks\n").expect("written");
    std::fs::write(at("breached.txt"), format!("{FIRST}:3\n")).expect("written");
    std::fs::create_dir(at("mails")).expect("a folder");
    std::fs::write(at("mails/test.subject.txt"), "Hello\n").expect("written");
    let named = |name: &str| at(name).display().to_string();
    let settings = [
        ("PASSWORD_WORD_LIST", named("words.txt")),
        ("PASSWORD_BREACH_FILE", named("breached.txt")),
        ("MAIL_TEMPLATES", named("mails")),
        ("SMTP_URL", "smtp://127.0.0.1:9".into()),
        ("MAIL_FROM", "post@example.org".into()),
        ("PUBLIC_URL", "https://auth.example.org".into()),
    ];
    let url = format!("sqlite:{}", at("a.db").display());
    let server = Server::with(&url, dir.path(), &settings).await;
    let process = server.id();
    assert_eq!(register(&server, "ada", "Zanzibar2026").await, 201);
    let ada = server.anonymous().login("ada@example.com", "Zanzibar2026").await;
    assert_eq!(register(&server, "b", "quarry lantern 58 moth").await, 422);
    assert_eq!(register(&server, "c", "saffron bicycle dune 7").await, 201);

    std::fs::write(at("words.txt"), "rocketworks\nzanzibar\n").expect("written");
    // A new file in its place, as a download leaves it; the old one stays open until it is asked for.
    std::fs::write(at("next.txt"), format!("{SECOND}:3\n")).expect("written");
    std::fs::rename(at("next.txt"), at("breached.txt")).expect("renamed");
    std::fs::write(at("mails/test.txt"), "Hello {{ name }}\n").expect("written");
    signal("HUP", process);
    let anew = "SIGHUP: reloaded PASSWORD_WORD_LIST (2 words), PASSWORD_BREACH_FILE (43 bytes), \
                MAIL_TEMPLATES (2 templates)";
    says(&server, anew).await;
    assert_eq!(register(&server, "d", "Zanzibar2027").await, 422);
    assert_eq!(register(&server, "e", "saffron bicycle dune 7").await, 422);
    assert_eq!(register(&server, "f", "quarry lantern 58 moth").await, 201);
    ada.get("/auth/me").await.expect(200);

    std::fs::write(at("breached.txt"), "no hash at all\n").expect("written");
    std::fs::write(at("mails/test.txt"), "Hello {{ name \n").expect("written");
    std::fs::write(at("words.txt"), "unicorn\n").expect("written");
    signal("HUP", process);
    says(&server, "the previous contents stay in use").await;
    let log = server.log();
    let line = log.lines().find(|line| line.contains("stay in use")).expect("the line");
    assert!(line.contains("reloaded PASSWORD_WORD_LIST (1 words)"), "{line}");
    assert!(line.contains("PASSWORD_BREACH_FILE names"), "{line}");
    assert!(line.contains("test.txt"), "{line}");
    assert_eq!(register(&server, "g", "Unicorn2027").await, 422);
    ada.get("/auth/me").await.expect(200);
    assert_eq!(
        register(&server, "h", "quarry lantern 58 moth").await,
        503,
        "the open file was cut"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_files_a_hangup_changes_nothing_and_says_so() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let url = format!("sqlite:{}", dir.path().join("a.db").display());
    let server = Server::start(&url, dir.path()).await;
    signal("HUP", server.id());
    says(&server, "SIGHUP: there is no word list, breach file or mail template to reload").await;
    assert_eq!(register(&server, "ada", "Zanzibar2026").await, 201);
}
