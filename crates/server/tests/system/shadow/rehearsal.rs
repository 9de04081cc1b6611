//! `doorward shadow` as a process of its own in front of an old backend, and a client of both.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::postgres::free_port;
use crate::support::process::{doorward, exchange};

pub(crate) struct Rehearsal {
    child: Child,
    pub(crate) port: u16,
}

impl Rehearsal {
    pub(crate) async fn start(dir: &Path, upstream: &str, more: &[&str]) -> Self {
        let port = free_port();
        let log = File::create(dir.join("shadow.log")).unwrap();
        let child = doorward("", dir, &[])
            .env_remove("DATABASE_URL")
            .args(["shadow", "--upstream", upstream, "--port", &port.to_string()])
            .args(more)
            .stdout(File::create(dir.join("shadow.out")).unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut this = Self { child, port };
        for _ in 0..3000 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return this;
            }
            let ended = this.child.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "{}",
                std::fs::read_to_string(dir.join("shadow.log")).unwrap()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not listen");
    }

    /// The most memory that it has had, in bytes.
    pub(crate) fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
    }

    /// Ends it as Ctrl-C does; its exit code.
    pub(crate) async fn end(&mut self) -> Option<i32> {
        let id = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(id, Signal::INT).unwrap();
        for _ in 0..3000 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not end");
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One call through the proxy: the old backend's status and body.
pub(crate) async fn call(
    port: u16,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let answer = exchange(port, request.body(body).unwrap()).await;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// A command beside it; what it printed on both.
pub(crate) fn command(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = doorward("", dir, &[])
        .env_remove("DATABASE_URL")
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}
