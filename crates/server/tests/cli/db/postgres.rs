//! The commands on PostgreSQL: a database that appears late, and the password that never shows.

use crate::program::{Program, becomes_ready, is_ready, shell};
use crate::support::postgres;
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Forwards a port to the server's from now on: the database has appeared.
fn appear(port: u16, server: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is still free");
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", server)).expect("the server");
            let pipe = |mut from: TcpStream, mut to: TcpStream| {
                thread::spawn(move || std::io::copy(&mut from, &mut to));
            };
            pipe(client.try_clone().expect("a clone"), server.try_clone().expect("a clone"));
            pipe(server, client);
        }
    });
}

/// The URL with another port.
fn through(url: &str, port: u16) -> String {
    url.replace(&format!(":{}/", postgres::shared().port), &format!(":{port}/"))
}

#[tokio::test]
async fn serve_wait_becomes_ready_once_the_database_appears() {
    let (url, port) = (postgres::migrated_database().await, postgres::free_port());
    let program = Program::ready().env("DATABASE_URL", &through(&url, port));
    let mut server = program.start(&["serve", "--wait"]);
    let address = server.url();
    assert!(!is_ready(&address));
    appear(port, postgres::shared().port);
    becomes_ready(&address);
    assert_eq!(server.stop("TERM").code, Some(0));
}

#[tokio::test]
async fn serve_survives_a_database_that_appears_within_ten_seconds() {
    let (url, port) = (postgres::migrated_database().await, postgres::free_port());
    let program = Program::ready().env("DATABASE_URL", &through(&url, port));
    let mut server = program.start(&["serve"]);
    server.until("no database connection");
    appear(port, postgres::shared().port);
    assert!(server.url().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn serve_refuses_an_empty_postgres_and_migrates_it_when_told() {
    let url = postgres::fresh_database().await;
    let program = Program::ready().env("DATABASE_URL", &url);
    let ended = program.run(&["serve"]).expect(78);
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
    assert!(ended.errors()[0].contains("`doorward db migrate`"), "{ended:?}");
    let mut server = program.start(&["serve", "--migrate"]);
    let address = server.url();
    becomes_ready(&address);
}

#[tokio::test]
async fn the_lines_of_dev_work_on_postgres_too() {
    let url = postgres::fresh_database().await;
    let program = Program::new();
    let mut server = program.start(&["dev", "--port", "0", "--database-url", &url]);
    let said = server.until("Stop with Ctrl-C").to_vec();
    let lines: Vec<_> = said
        .iter()
        .filter(|it| it.starts_with("curl ") || it.starts_with("TOKEN="))
        .map(String::as_str)
        .collect();
    let printed = shell(&lines.join("\n"));
    assert!(printed.contains("Try Doorward"), "{printed}");
    let password = postgres::PASSWORD;
    assert!(!said.join("\n").contains(password), "{said:?}");
}

/// The URLs of a server that is there and says no, and how it says so.
fn refused() -> [(String, &'static str); 5] {
    let at = format!("127.0.0.1:{}", postgres::shared().port);
    let password = postgres::PASSWORD;
    [
        (
            format!("postgres://postgres:hunter2@{at}/postgres"),
            "rejected the password of user postgres.",
        ),
        (format!("postgres://eve:hunter2@{at}/postgres"), "rejected the password of user eve."),
        (
            format!("postgres://postgres@{at}/postgres"),
            "requires a password for user postgres, but the URL has none.",
        ),
        (
            format!("postgres://postgres:{password}@{at}/absent"),
            "has no database absent: create it, or correct the URL.",
        ),
        (
            format!("postgres://postgres:{password}@{at}/postgres?sslmode=require"),
            "does not offer TLS: enable ssl there, or set sslmode=disable if the network is trusted.",
        ),
    ]
}

#[test]
fn a_refusal_that_no_wait_mends_ends_serve_at_once_in_one_sentence() {
    for (url, message) in refused() {
        let program = Program::ready().env("DATABASE_URL", &url).env("LOG_FORMAT", "json");
        let ended = program.run(&["serve"]).expect(1);
        let lines: Vec<serde_json::Value> =
            ended.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        // A second try would have said so again.
        assert_eq!(lines.iter().filter(|it| it["level"] == "WARN").count(), 1, "{ended:?}");
        let sentence = lines.last().expect("a line")["message"].as_str().expect("a message");
        assert!(sentence.starts_with("The database server 127.0.0.1:"), "{sentence}");
        assert!(sentence.ends_with(message), "{sentence}");
        assert!(!ended.stderr.contains("hunter2") && !ended.stderr.contains(postgres::PASSWORD));
    }
}

#[tokio::test]
async fn serve_wait_waits_for_a_database_that_is_yet_to_be_created() {
    let name = format!("late_{}", std::process::id());
    let url = postgres::shared().url(&name);
    let program = Program::ready().env("DATABASE_URL", &url);
    let mut server = program.start(&["serve", "--wait", "--migrate"]);
    let address = server.url();
    server.until(&format!("has no database {name}"));
    let admin = postgres::shared().connect("postgres").await;
    admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("created");
    becomes_ready(&address);
    assert_eq!(server.stop("TERM").code, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_wait_waits_for_a_database_that_appears() {
    let (url, port) = (postgres::fresh_database().await, postgres::free_port());
    let program = Program::ready().env("DATABASE_URL", &through(&url, port));
    let mut migrating = program.start(&["db", "migrate", "--wait"]);
    migrating.until("Waiting for postgres");
    appear(port, postgres::shared().port);
    let ended = migrating.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Program::ready().env("DATABASE_URL", &url).run(&["db", "status", "--exit-code"]).expect(0);
}
