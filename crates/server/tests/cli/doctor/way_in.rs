//! The way in: a running server, directly and through proxies that name the client, forget to, or believe it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Examined, migrated};
use crate::program::{Program, Server, shell};
use crate::support::postgres::free_port;

/// A server on a port that others know.
fn serving(port: u16, proxies: &str) -> (Program, Server) {
    let mut program = migrated().env("PORT", &port.to_string());
    if !proxies.is_empty() {
        program = program.env("TRUSTED_PROXIES", proxies);
    }
    let mut server = program.start(&["serve"]);
    server.url();
    (program, server)
}

/// A proxy in front of `port` that makes the head of each request anew by `rewrite`; its port.
fn proxy(port: u16, rewrite: fn(&str) -> String) -> u16 {
    behind(move |client| pass(client, port, rewrite))
}

/// Does this with each client; the port where they come to.
fn behind(work: impl Fn(TcpStream) -> std::io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let own = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let _ = work(client);
        }
    });
    own
}

/// The same behind TLS, with a certificate for `localhost` that expires in `days`, signed by `ca.pem` in `dir`.
fn tls_proxy(dir: &Path, days: i32, port: u16) -> u16 {
    let script = format!(
        "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'; \
         $new -x509 -days 400 -subj /CN=ca -keyout ca.key -out ca.pem && \
         $new -subj /CN=localhost -keyout server.key -out server.csr && \
         printf subjectAltName=DNS:localhost > san && \
         openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile san \
         -out server.pem"
    );
    let made = Command::new("sh").args(["-c", &script]).current_dir(dir).output().expect("sh");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let chain = CertificateDer::from_pem_file(dir.join("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(dir.join("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a pair");
    let config = Arc::new(config);
    behind(move |client| {
        let session = ServerConnection::new(Arc::clone(&config)).map_err(std::io::Error::other)?;
        let mut client = StreamOwned::new(session, client);
        pass(&mut client, port, appends)?;
        client.conn.send_close_notify();
        client.flush()
    })
}

fn pass(
    mut client: impl Read + Write,
    port: u16,
    rewrite: fn(&str) -> String,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(&mut client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let head = rewrite(&head).replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    server.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    client.write_all(&answer)
}

/// As nginx does with `$proxy_add_x_forwarded_for`.
fn appends(head: &str) -> String {
    head.replace("192.0.2.66", "192.0.2.66, 198.51.100.7")
}

fn forgets(head: &str) -> String {
    head.replace("x-forwarded-for: 192.0.2.66\r\n", "")
}

fn believes(head: &str) -> String {
    head.to_owned()
}

fn through(port: u16, proxies: &str, rewrite: fn(&str) -> String) -> Examined {
    let (program, _server) = serving(port, proxies);
    let public = format!("http://127.0.0.1:{}", proxy(port, rewrite));
    let examined = Examined::of(&program.env("PUBLIC_URL", &public), &[]);
    examined.expect("network.server", "ok", "A server with this secret responds");
    examined.expect("network.public-url", "ok", &public);
    examined
}

#[test]
fn without_a_proxy_clients_come_from_their_own_address() {
    let port = free_port();
    let (program, server) = serving(port, "");
    let program = program.env("PUBLIC_URL", &format!("http://127.0.0.1:{port}"));
    let examined = Examined::of(&program, &[]);
    examined.expect("network.client-address", "ok", "There is no proxy");
    examined.expect("network.public-tls", "ok", "on this machine");
    drop(server);
    let gone = Examined::of(&program, &[]);
    gone.expect("network.server", "skipped", "No server responds");
    gone.expect("network.public-url", "failed", "No response from");
}

#[test]
fn a_proxy_that_is_trusted_and_names_the_client_is_well() {
    let examined = through(free_port(), "127.0.0.1", appends);
    examined.expect("network.client-address", "ok", "198.51.100.7, sent by the proxy at 127.0.0.1");
}

#[test]
fn a_proxy_that_nobody_trusts_makes_one_client_of_all() {
    let examined = through(free_port(), "", appends);
    examined.expect("network.client-address", "failed", "Set TRUSTED_PROXIES=127.0.0.1");
}

#[test]
fn a_proxy_that_passes_inventions_on_is_reported() {
    let examined = through(free_port(), "127.0.0.1", believes);
    examined.expect("network.client-address", "failed", "forwards a forged address");
    // Over http nobody knows that this one is there.
    through(free_port(), "127.0.0.1", forgets).expect("network.client-address", "ok", "");
}

#[test]
fn strangers_are_reported_nothing_of_how_they_arrive() {
    let port = free_port();
    let (program, _server) = serving(port, "");
    for question in ["", "1764400000.AAAAAAAAAAAAAAAA.AAAA", "x"] {
        let headers = shell(&format!(
            "curl -sD - -o /dev/null -H 'Doorward-Question: {question}' http://127.0.0.1:{port}/livez"
        ));
        assert!(
            headers.contains("200 OK") && !headers.to_lowercase().contains("doorward"),
            "{headers}"
        );
    }
    let other = Program::new()
        .env("DATABASE_URL", "sqlite:doorward.db")
        .env("BETTER_AUTH_SECRET", "Zk3vQ9wLr7TnXb2MdYc8FhJp5GsUa4eW")
        .env("PORT", &port.to_string());
    Examined::of(&other, &[]).expect("network.server", "warning", "has another secret");
    drop(program);
}

#[test]
fn what_is_no_doorward_at_the_port_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let mut client = client;
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let program = migrated().env("PORT", &port.to_string());
    let examined = Examined::of(&program, &[]);
    examined.expect("network.server", "warning", "so it is not Doorward");
}

#[test]
fn a_public_address_behind_tls_is_judged_by_its_certificate() {
    let port = free_port();
    let (mut program, _server) = serving(port, "127.0.0.1");
    for (days, status, words) in [
        (60, "ok", "days left"),
        (5, "warning", "expires in 4 days"),
        (-1, "failed", "Its certificate (CN=localhost) expired on"),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let public = format!("https://localhost:{}", tls_proxy(dir.path(), days, port));
        program = program.env("PUBLIC_URL", &public);
        let ca = dir.path().join("ca.pem").display().to_string();
        let examined = Examined::of(&program, &["--ca-file", &ca]);
        examined.expect("network.public-tls", status, words);
        examined.expect("network.public-url", "ok", &public);
        examined.expect(
            "network.client-address",
            "ok",
            "198.51.100.7, sent by the proxy at 127.0.0.1",
        );
        // Browsers know nothing of an authority of one's own.
        let strange = Examined::of(&program, &[]);
        let words = if days > 0 { "Browsers do not trust its certificate" } else { words };
        strange.expect("network.public-tls", "failed", words);
    }
    let nothing = program.folder().join("nothing.pem").display().to_string();
    let ended = program.run(&["doctor", "--ca-file", &nothing]).expect(2);
    assert!(ended.errors()[0].contains("nothing.pem cannot be used"), "{ended:?}");
}
