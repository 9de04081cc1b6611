//! What the server tells its supervisor, as systemd would hear it: ready, alive, reloading, waiting, stopping.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::signal;
use crate::support::postgres::free_port;
use crate::support::process::{Server, doorward};

/// The socket that the supervisor listens at.
struct Supervisor(UnixDatagram);

impl Supervisor {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("set");
        Self(socket)
    }

    /// Hears until a message has this in it; the message.
    fn hears(&self, text: &str) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        let mut all = Vec::new();
        while Instant::now() < until {
            let mut bytes = [0; 4096];
            let Ok(length) = self.0.recv(&mut bytes) else { continue };
            let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if message.contains(text) {
                return message;
            }
            all.push(message);
        }
        panic!("{text} was not said, but {all:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_hears_that_the_server_is_ready_alive_reloading_and_stopping() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let supervisor = Supervisor::at(&dir.path().join("notify"));
    let settings = [
        ("NOTIFY_SOCKET", dir.path().join("notify").display().to_string()),
        ("WATCHDOG_USEC", "600000".to_owned()),
    ];
    let url = format!("sqlite:{}", dir.path().join("a.db").display());
    let mut server = Server::with(&url, dir.path(), &settings).await;
    let ready = supervisor.hears("READY=1");
    let address = format!("STATUS=Serving at http://127.0.0.1:{}", server.port);
    assert!(ready.contains(&address), "{ready}");
    for _ in 0..4 {
        supervisor.hears("WATCHDOG=1");
    }
    signal("HUP", server.id());
    let reloading = supervisor.hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    supervisor.hears("READY=1");
    signal("TERM", server.id());
    supervisor.hears("STOPPING=1");
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_hears_what_a_server_waits_for() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let supervisor = Supervisor::at(&dir.path().join("notify"));
    let socket = [("NOTIFY_SOCKET", dir.path().join("notify").display().to_string())];
    let url = format!("postgres://ada:hunter2@127.0.0.1:{}/app", free_port());
    for arguments in [&["serve", "--wait", "--port", "0"][..], &["db", "migrate", "--wait"]] {
        let mut waiting = doorward(&url, dir.path(), &socket)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let said = supervisor.hears("STATUS=Waiting for");
        assert!(said.contains("127.0.0.1") && !said.contains("hunter2"), "{said}");
        waiting.kill().expect("killed");
        waiting.wait().expect("reaped");
    }
}
