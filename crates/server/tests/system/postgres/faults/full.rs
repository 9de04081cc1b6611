//! The disk of a PostgreSQL server is full: a small file system that only the server sees. First that of the
//! tables, where PostgreSQL refuses what needs room and goes on; then that of its write-ahead log, where it ends.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use doorward::crypto::Random;
use serde_json::{Value, json};

use crate::postgres::data::NOW;
use crate::support::Client;
use crate::support::client::PASSWORD;
use crate::support::postgres::Postgres;
use crate::support::process::{Server, doorward};
use crate::support::samples::{Samples, TOKEN};
use crate::support::small_disk::fill;

/// A task of some six kilobytes that nothing compresses.
fn task() -> Value {
    let random = Random::system();
    let text: String = (0..180).map(|_| random.id(NOW).to_string()).collect();
    json!({"title": "a task", "description": text})
}

async fn sign_up(server: &Server) -> Client {
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    server.anonymous().post("/auth/register", account).await.expect(201);
    server.anonymous().login("ada@example.com", PASSWORD).await
}

async fn total(ada: &Client) -> Option<u64> {
    ada.get("/api/tasks/stats").await.expect(200).json()["total"].as_u64()
}

/// Waits until a task is taken again.
async fn recovered(ada: &Client, server: &Server) {
    let until = Instant::now() + Duration::from_secs(10);
    while ada.post("/api/tasks", task()).await.status != 201 {
        assert!(Instant::now() < until, "writes do not recover: {}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A database whose tables are on the small disk.
async fn database(server: &Postgres, space: &Path, name: &str) -> String {
    let admin = server.connect("postgres").await;
    let make = format!("CREATE TABLESPACE small LOCATION '{}'", space.display());
    let _ = admin.batch_execute(&make).await;
    let make = format!("CREATE DATABASE {name} TEMPLATE template0 TABLESPACE small");
    admin.batch_execute(&make).await.expect("a database");
    server.url(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_database_refuses_writes_by_name_keeps_reads_and_recovers() {
    if crate::support::skipped("SKIP_FULL_DISK") {
        return;
    }
    let dir = tempfile::tempdir().expect("a temp dir");
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let postgres = Postgres::on_small_disk(&disk, 40, false);
    let url = database(&postgres, &disk.join("space"), "served").await;
    let empty = database(&postgres, &disk.join("space"), "empty").await;
    let seen = database(&postgres, &disk.join("space"), "seen").await;
    // The first to sign in to a database needs room for a file that describes it.
    drop(postgres.connect("seen").await);
    let counts = [("METRICS_TOKEN", TOKEN.to_owned())];
    let server = Server::with(&url, dir.path(), &counts).await;
    let ada = sign_up(&server).await;
    ada.post("/api/tasks", task()).await.expect(201);
    let mut acknowledged = 1;

    let filler: PathBuf = postgres.inside(&disk.join("filler"));
    fill(&filler);
    let mut refused = 0;
    let until = Instant::now() + Duration::from_secs(30);
    while refused < 20 {
        assert!(Instant::now() < until, "the disk does not get full");
        let answer = ada.post("/api/tasks", task()).await;
        if answer.status == 201 {
            acknowledged += 1;
        } else {
            assert_eq!(answer.header("retry-after"), "60");
            answer.expect_problem(503, "storage_full");
            refused += 1;
        }
        ada.get("/auth/me").await.expect(200);
        ada.get("/api/tasks?limit=1").await.expect(200);
    }
    assert!(
        server.log().contains("the database's disk is full: free some space"),
        "{}",
        server.log()
    );

    let counted = server.anonymous().with_token(TOKEN).get("/metrics").await.expect(200);
    let full = "doorward_database_failures_total{lane=\"owned_writes\",reason=\"full\"}";
    assert!((Samples::read(&counted).get(full) - 20.0).abs() < 1e-9, "{}", counted.text());

    // Migrating does not wait for what cannot heal by itself, and says what to do.
    for (url, command) in [
        (&empty, ["db", "migrate"]),
        (&empty, ["serve", "--migrate"]),
        (&seen, ["db", "migrate"]),
        (&seen, ["serve", "--migrate"]),
    ] {
        let began = Instant::now();
        let ended = doorward(url, dir.path(), &[]).args(command).output().expect("runs");
        let said = String::from_utf8_lossy(&ended.stderr).to_lowercase();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("the disk of the database server"), "{said}");
        assert!(said.contains("is full: free some space"), "{said}");
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    }

    std::fs::remove_file(&filler).expect("room again");
    recovered(&ada, &server).await;
    assert_eq!(
        total(&ada).await,
        Some(acknowledged + 1),
        "what was acknowledged, and nothing else"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_write_ahead_log_loses_nothing_acknowledged() {
    if crate::support::skipped("SKIP_FULL_DISK") {
        return;
    }
    let dir = tempfile::tempdir().expect("a temp dir");
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let mut postgres = Postgres::on_small_disk(&disk, 72, true);
    let admin = postgres.connect("postgres").await;
    admin.batch_execute("CREATE DATABASE served").await.expect("a database");
    let server = Server::start(&postgres.url("served"), dir.path()).await;
    let ada = sign_up(&server).await;

    let filler: PathBuf = postgres.inside(&disk.join("filler"));
    fill(&filler);
    let (mut acknowledged, mut unsure, mut refused) = (0, 0, 0);
    let until = Instant::now() + Duration::from_mins(1);
    while refused < 20 {
        assert!(Instant::now() < until, "the log does not get full");
        // Segments that are there already are used up sooner.
        let _ = admin.batch_execute("SELECT pg_switch_wal()").await;
        let answer = ada.post("/api/tasks", task()).await;
        match answer.status {
            201 => acknowledged += 1,
            503 => {
                assert_ne!(answer.header("retry-after"), "");
                unsure += u64::from(answer.text().contains("before the change was confirmed"));
                refused += 1;
            }
            _ => panic!("{}", answer.text()),
        }
    }
    let (status, _) = server.call("GET", "/livez", None, None).await.expect("an answer");
    assert_eq!(status, 200);

    std::fs::remove_file(&filler).expect("room again");
    postgres.start_again();
    recovered(&ada, &server).await;
    let kept = total(&ada).await.expect("a number");
    let least = acknowledged + 1;
    assert!((least..=least + unsure).contains(&kept), "{kept} of {least}, {unsure} unsure");
}
