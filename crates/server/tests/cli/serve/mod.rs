//! `doorward serve`: starting, waiting and stopping in production.

mod accepted_cookies;
mod dev;
mod health;
mod issuers;
mod logs;
mod token_profile;

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::program::{Program, becomes_ready, shell};
use crate::support::postgres::free_port;

#[test]
fn serve_refuses_to_start_with_migrations_pending() {
    let program = Program::ready();
    let ended = program.run(&["serve"]).expect(78);
    assert!(ended.errors()[0].contains("`doorward db migrate`"), "{ended:?}");
    assert!(!program.folder().join("doorward.db").exists(), "serve made a database");
    let program = program.file("doorward.db", "");
    let ended = program.run(&["serve"]).expect(78);
    assert_eq!(
        ended.errors(),
        [
            "Migrations are pending on sqlite:doorward.db: run `doorward db migrate`, or start with --migrate."
        ]
    );
}

#[test]
fn serve_starts_after_db_migrate() {
    let program = Program::ready();
    program.run(&["db", "migrate"]).expect(0);
    let mut server = program.start(&["serve"]);
    becomes_ready(&server.url());
}

#[test]
fn serve_migrate_applies_migrations_first() {
    let program = Program::ready();
    let mut server = program.start(&["serve", "--migrate"]);
    let said = server.until("Listening").join("\n");
    assert!(said.contains("Created table users"), "{said}");
}

#[test]
fn sigterm_and_ctrl_c_end_it_with_exit_0() {
    for signal in ["TERM", "INT"] {
        let program = Program::ready();
        let mut server = program.start(&["serve", "--migrate"]);
        server.until("Listening");
        let ended = server.stop(signal);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stderr.contains("every accepted request was answered"), "{ended:?}");
    }
}

#[test]
fn a_second_ctrl_c_cuts_what_is_in_flight() {
    let program = Program::ready();
    let mut server = program.start(&["serve", "--migrate"]);
    let url = server.url();
    let address = url.trim_start_matches("http://");
    let mut half = TcpStream::connect(address).expect("a connection");
    half.write_all(
        b"POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        content-length: 9\r\nexpect: 100-continue\r\n\r\n{",
    )
    .expect("half a request");
    // Said once the server waits for the rest of the body: the request is accepted.
    let mut said = [0; 12];
    half.read_exact(&mut said).expect("an answer");
    assert_eq!(&said, b"HTTP/1.1 100");
    server.signal("INT");
    server.until("stopping");
    let ended = server.stop("INT").expect(1);
    assert_eq!(
        ended.errors(),
        ["Stopped at the second Ctrl-C; requests in progress were aborted."]
    );
}

#[test]
fn an_unreachable_database_ends_serve_after_ten_seconds_in_one_sentence() {
    let url = format!("postgres://ada:hunter2@127.0.0.1:{}/app", free_port());
    let start = std::time::Instant::now();
    let ended = Program::ready().env("DATABASE_URL", &url).run(&["serve"]).expect(1);
    // A process has no clock that a test can move.
    assert!((9..60).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
    assert!(ended.errors()[0].contains("after 10 s. Last error: "), "{ended:?}");
    assert!(!ended.stderr.contains("hunter2"));
}

#[test]
fn serve_wait_answers_503_until_the_database_appears() {
    let url = format!("postgres://ada@127.0.0.1:{}/app", free_port());
    let program = Program::ready().env("DATABASE_URL", &url);
    let mut server = program.start(&["serve", "--wait"]);
    let url = server.url();
    let status =
        |path: &str| shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' {url}{path}"));
    assert_eq!(status("/readyz"), "503");
    assert_eq!(status("/health"), "503");
    assert_eq!(status("/livez"), "200");
    assert_eq!(server.stop("TERM").code, Some(0));
}

#[test]
fn serve_wait_stops_when_the_schema_turns_out_to_be_old() {
    let program = Program::ready().file("doorward.db", "");
    let ended = program.start(&["serve", "--wait"]).end();
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(ended.stderr.contains("`doorward db migrate`"), "{ended:?}");
}

#[test]
fn help_and_usage_have_their_exit_codes() {
    let ended = Program::new().run(&[]).expect(2);
    assert!(ended.stderr.contains("Usage: doorward"), "{ended:?}");
    Program::new().run(&["--help"]).expect(0);
    let version = Program::new().run(&["--version"]).expect(0).stdout;
    assert_eq!(version, format!("doorward {}\n", env!("CARGO_PKG_VERSION")));
    Program::new().run(&["serve", "--port", "high"]).expect(2);
    Program::new().run(&["swerve"]).expect(2);
}
