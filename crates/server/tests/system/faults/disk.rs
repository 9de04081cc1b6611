//! The disk of a SQLite file is full: a small file system that only the server sees.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::{Callee, Client, PASSWORD};
use crate::support::postgres::free_port;
use crate::support::process::{call, doorward};
use crate::support::small_disk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_keeps_reads_and_recovers_without_a_restart() {
    if crate::support::skipped("SKIP_FULL_DISK") {
        return;
    }
    let dir = tempfile::tempdir().expect("a temp dir");
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let url = format!("sqlite:{}", disk.join("a.db").display());
    let port = free_port();
    let serving = doorward(&url, dir.path(), &[]);
    let binary = serving.get_program().to_owned();
    let environment: Vec<_> = serving.get_envs().filter_map(|(k, v)| Some((k, v?))).collect();
    let script = "exec \"$1\" serve --migrate --port \"$2\"";
    let mut server = small_disk::mounting(&disk, 12, script)
        .arg("sh")
        .arg(&binary)
        .arg(port.to_string())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(environment)
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stderr(std::fs::File::create(dir.path().join("log")).expect("a log"))
        .spawn()
        .expect("unshare runs");
    let log = || std::fs::read_to_string(dir.path().join("log")).unwrap_or_default();
    let until = Instant::now() + Duration::from_mins(1);
    while call(port, "GET", "/readyz", None, None).await.is_none_or(|(status, _)| status != 200) {
        let ended = server.try_wait().expect("a child");
        assert!(ended.is_none(), "no small disk can be had here (SKIP_FULL_DISK=1): {}", log());
        assert!(Instant::now() < until, "not ready: {}", log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let client = Client::anonymous(Callee::Process(port));
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    client.post("/auth/register", account).await.expect(201);
    let ada = client.login("ada@example.com", PASSWORD).await;
    let task = json!({"title": "a task", "description": "long ".repeat(1800)});
    ada.post("/api/tasks", task.clone()).await.expect(201);
    let mut acknowledged = 1;

    // Its mount is seen by the process alone, and through it.
    let filler = small_disk::inside(server.id(), &disk.join("filler"));
    small_disk::fill(&filler);
    let mut refused = 0;
    let until = Instant::now() + Duration::from_secs(30);
    while refused < 20 {
        assert!(Instant::now() < until, "the disk does not get full");
        let answer = ada.post("/api/tasks", task.clone()).await;
        match answer.status {
            201 => acknowledged += 1,
            503 => {
                assert_ne!(answer.header("retry-after"), "");
                assert_eq!(answer.json()["code"], "storage_full", "{}", log());
                refused += 1;
            }
            _ => panic!("{}", answer.text()),
        }
        ada.get("/auth/me").await.expect(200);
        ada.get("/api/tasks?limit=1").await.expect(200);
    }
    std::fs::remove_file(&filler).expect("room again");
    let until = Instant::now() + Duration::from_secs(10);
    while ada.post("/api/tasks", task.clone()).await.status != 201 {
        assert!(Instant::now() < until, "writes do not recover: {}", log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    acknowledged += 1;
    let kept = ada.get("/api/tasks/stats").await.expect(200).json()["total"].as_u64();
    assert_eq!(kept, Some(acknowledged), "what was acknowledged, and nothing else");

    // Nobody writes now, so both files together are the database.
    for end in ["", "-wal"] {
        let inside = small_disk::inside(server.id(), &disk.join(format!("a.db{end}")));
        std::fs::copy(inside, dir.path().join(format!("copy.db{end}"))).expect("copied");
    }
    let copy = rusqlite::Connection::open(dir.path().join("copy.db")).expect("the copy opens");
    let check = "PRAGMA integrity_check";
    let health: String = copy.query_row(check, [], |row| row.get(0)).expect("a row");
    assert_eq!(health, "ok");
    super::signal("TERM", server.id());
    assert_eq!(server.wait().expect("it ends").code(), Some(0), "{}", log());
}
