//! `doorward health`: what a container's health check asks.

use crate::program::Program;
use crate::support::postgres::free_port;

#[test]
fn health_asks_the_server_of_the_settings() {
    let port = free_port().to_string();
    let program = Program::ready().env("PORT", &port).env("HOST", "0.0.0.0");
    let mut server = program.start(&["serve", "--migrate"]);
    server.until("Listening");
    assert_eq!(program.run(&["health"]).expect(0).stdout, "healthy\n");
    assert_eq!(program.run(&["health", "--ready"]).expect(0).stdout, "ready\n");
    let message = program.run(&["health", "--ready", "--json"]).expect(0).json();
    assert_eq!(message["status"], 200);
    assert_eq!(message["body"]["database"], "ok");
}

#[test]
fn health_is_1_with_one_sentence_where_the_database_is_away_or_nobody_listens() {
    let port = free_port().to_string();
    let url = format!("postgres://ada@127.0.0.1:{}/app", free_port());
    let program = Program::ready().env("PORT", &port).env("DATABASE_URL", &url);
    let nobody = program.run(&["health"]).expect(1);
    let sentence = format!("No response from http://127.0.0.1:{port}/health: ");
    assert!(nobody.errors()[0].starts_with(&sentence), "{nobody:?}");
    let mut server = program.start(&["serve", "--wait"]);
    server.until("Listening");
    let away = program.run(&["health"]).expect(1);
    let sentence = format!("The server at 127.0.0.1:{port} is unhealthy (database: unreachable).");
    assert_eq!(away.errors(), [sentence.as_str()]);
}

#[test]
fn what_is_no_doorward_is_called_that() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    });
    let ended = Program::ready().run(&["health", "--port", &port]).expect(1);
    assert!(ended.errors()[0].contains("is not Doorward: check HOST and PORT"), "{ended:?}");
}
