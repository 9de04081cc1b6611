//! Clients by the thousand: what they cost in memory, and that others are served meanwhile.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::support::client::PASSWORD;
use crate::support::process::{Server, call};

/// Beyond what hashing takes.
const ALLOWED: u64 = 50 * 1024;
/// KiB of one Argon2id hash.
const HASH: u64 = 19_456;

/// A figure of `/proc/PID/status`, in KiB.
fn kib(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with(name)).expect("the figure");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

async fn serve(dir: &std::path::Path, more: &[(&'static str, String)]) -> (Server, String) {
    let url = format!("sqlite:{}", dir.join("a.db").display());
    let server = Server::with(&url, dir, more).await;
    let ada = server.anonymous();
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    ada.post("/auth/register", account).await.expect(201);
    let token = ada.login("ada@example.com", PASSWORD).await.token.expect("a token");
    (server, token)
}

async fn status(port: u16, path: &str, token: Option<&str>) -> u16 {
    call(port, "GET", path, token, None).await.map_or(0, |(status, _)| status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_flood_takes_no_more_memory_than_its_hashing_threads() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let unlimited = [("RATE_LIMIT_LOGIN", "off".to_owned())];
    let (server, token) = serve(dir.path(), &unlimited).await;
    let before = kib(server.id(), "VmRSS");
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut flood = JoinSet::new();
    for number in 0..500 {
        let port = server.port;
        flood.spawn(async move {
            let email = format!("x{}@example.com", number % 250);
            let body = json!({"email": email, "password": "not it, not at all"});
            // Every fourth client goes away before it is answered.
            let patience = Duration::from_millis(if number % 4 == 0 { 30 } else { 60_000 });
            let asked = call(port, "POST", "/auth/login", None, Some(&body));
            tokio::time::timeout(patience, asked).await.ok().flatten().map(|(status, _)| status)
        });
    }
    let mut answers = 0;
    while !flood.is_empty() {
        assert_eq!(status(server.port, "/health", None).await, 200);
        assert_eq!(status(server.port, "/auth/me", Some(&token)).await, 200);
        answers += 1;
        while let Some(done) = flood.try_join_next() {
            let status = done.expect("no panic");
            assert!(matches!(status, None | Some(401 | 429 | 503)), "{status:?}");
        }
    }
    assert!(answers > 0);
    let most = kib(server.id(), "VmHWM");
    assert!(most <= before + threads * HASH + ALLOWED, "{before} KiB before, {most} KiB at most");
}

/// From many addresses, so that no client's share ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_are_held_in_bounded_memory_and_others_are_served() {
    const CROWD: u16 = 10_000;
    let dir = tempfile::tempdir().expect("a temp dir");
    let (server, token) = serve(dir.path(), &[]).await;
    let before = kib(server.id(), "VmRSS");
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, server.port));
    let mut crowd: Vec<TcpStream> = Vec::new();
    for number in 0..CROWD {
        let socket = TcpSocket::new_v4().expect("a socket: raise `ulimit -n` to 20000");
        let from = Ipv4Addr::new(127, 0, 1 + u8::try_from(number / 1000).expect("ten"), 1);
        socket.bind(SocketAddr::from((from, 0))).expect("an address of the loopback");
        crowd.push(socket.connect(to).await.expect("a connection"));
    }
    let began = Instant::now();
    for path in ["/livez", "/health"] {
        assert_eq!(status(server.port, path, None).await, 200);
    }
    assert_eq!(status(server.port, "/auth/me", Some(&token)).await, 200);
    let body: Value = json!({"title": "served in a crowd"});
    let made = call(server.port, "POST", "/api/tasks", Some(&token), Some(&body)).await;
    assert_eq!(made.map(|(status, _)| status), Some(201));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let most = kib(server.id(), "VmHWM");
    assert!(most <= before + 100 * 1024, "{before} KiB before, {most} KiB at most");
    // They said nothing, so they are cut within the documented time.
    let cut = async {
        for stream in &crowd {
            stream.readable().await.expect("readable");
        }
    };
    tokio::time::timeout(Duration::from_mins(1), cut).await.expect("silent connections are cut");
}
