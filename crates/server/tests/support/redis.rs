//! A private Redis for one test: `redis-server` on a free port, without persistence, gone with the
//! value. Where the program is missing the tests that need it fail, unless `SKIP_REDIS=1` says otherwise.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::postgres::free_port;

/// A running server.
pub struct Redis {
    /// The port on 127.0.0.1.
    pub port: u16,
    server: Child,
    _dir: tempfile::TempDir,
}

impl Redis {
    /// Starts a server; `None` where `SKIP_REDIS` is set.
    pub async fn start() -> Option<Self> {
        Self::start_on(free_port()).await
    }

    /// The same on a port that another one has left.
    pub async fn start_on(port: u16) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let program = ["redis-server", "valkey-server"].into_iter().find(|name| {
            Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok()
        });
        if super::skipped("SKIP_REDIS") {
            return None;
        }
        let program = program.expect(
            "redis-server is not installed: apt-get install redis-server, or set SKIP_REDIS=1",
        );
        let server = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "no", "--daemonize", "no"])
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        let this = Self { port, server, _dir: dir };
        for _ in 0..3000 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(this);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("redis-server does not listen on {port}");
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends it a signal: `STOP` makes it hang, `CONT` lets it go on.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.server.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "SIG{name}");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
