//! Two migrators at once, a migrator killed half way, a lock that nobody gives back.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::db::schema::{Schema, newest};
use crate::program::Program;
use crate::support::Engine;

/// Starts `doorward db …` and does not wait for it.
fn begin(schema: &Schema, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_doorward"))
        .arg("db")
        .args(arguments)
        .current_dir(schema.program.folder())
        .env_clear()
        .env("DATABASE_URL", &schema.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

both! {
    async fn two_migrators_at_once_apply_each_migration_once(engine: Engine) {
        for _ in 0..3 {
            let schema = Schema::empty(engine).await;
            let all: Vec<_> = (0..4).map(|_| begin(&schema, &["migrate", "--json"])).collect();
            let mut versions = Vec::new();
            for child in all {
                let output = child.wait_with_output().expect("it ends");
                let text = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{text}");
                let document: serde_json::Value =
                    serde_json::from_slice(&output.stdout).expect("JSON");
                assert_eq!(document["version"], newest());
                let done = document["migrations"].as_array().expect("a list");
                versions.extend(done.iter().filter_map(|one| one["version"].as_i64()));
            }
            versions.sort_unstable();
            assert_eq!(versions, (1..=newest()).collect::<Vec<_>>());
            schema.has_no_drift();
        }
    }

    async fn a_migrator_killed_at_any_moment_is_completed_by_a_rerun(engine: Engine) {
        let mut half = 0;
        for delay in (0..60).step_by(4) {
            let schema = Schema::empty(engine).await;
            let mut child = begin(&schema, &["migrate"]);
            tokio::time::sleep(Duration::from_millis(delay)).await;
            child.kill().expect("killed");
            child.wait().expect("ended");
            let done = schema.db(&["migrate", "--json"]).expect(0).json();
            let rest = done["migrations"].as_array().map_or(0, Vec::len);
            half += usize::from(rest > 0);
            schema.has_no_drift();
        }
        assert!(half > 0, "every migrator had ended before it was killed");
    }
}

#[tokio::test]
async fn a_migrator_killed_half_way_is_completed_by_a_rerun() {
    let schema = Schema::empty(Engine::Postgres).await;
    schema.db(&["migrate", "--to", "1"]).expect(0);
    // `roles` is created at once; `user_roles`, which refers to `users`, has to wait.
    let (client, connection) =
        tokio_postgres::connect(&schema.url, tokio_postgres::NoTls).await.expect("connected");
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE users IN SHARE MODE").await.expect("locked");
    let mut child = begin(&schema, &["migrate"]);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
        AND datname = current_database()";
    let deadline = Instant::now() + Duration::from_secs(20);
    while schema.sql(waiting) == "0" {
        assert!(Instant::now() < deadline, "the migrator never came to the lock");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    client.batch_execute("ROLLBACK").await.expect("unlocked");
    // Half of migration 2 is never seen.
    assert_eq!(schema.sql("SELECT coalesce(to_regclass('roles')::text, 'absent')"), "absent");
    let document = schema.db(&["migrate", "--json"]).expect(0).json();
    assert_eq!(document["migrations"][0]["version"], 2);
    schema.has_no_drift();
}

#[tokio::test]
async fn a_migrator_that_cannot_have_the_lock_says_who_has_it() {
    let schema = Schema::empty(Engine::Postgres).await;
    let (client, connection) =
        tokio_postgres::connect(&schema.url, tokio_postgres::NoTls).await.expect("connected");
    tokio::spawn(connection);
    let key = i64::from_be_bytes(*b"doorward");
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock({key})");
    client.batch_execute(&lock).await.expect("locked");
    let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.expect("a row").get(0);
    let refused = schema.db(&["migrate", "--lock-timeout", "1"]).expect(1);
    let error = refused.errors()[0];
    assert!(error.starts_with("Another migrator has held the lock for more than 1 s"), "{error}");
    let note = "Waiting up to 1 s for another migrator: process ";
    assert!(refused.stderr.starts_with(note), "{refused:?}");
    assert!(error.contains(&format!("process {pid} ")), "{error}");
}

#[tokio::test]
async fn a_table_in_use_stops_a_migration_with_a_sentence() {
    let schema = Schema::empty(Engine::Postgres).await;
    schema.db(&["migrate", "--to", "1"]).expect(0);
    let (client, connection) =
        tokio_postgres::connect(&schema.url, tokio_postgres::NoTls).await.expect("connected");
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE users IN SHARE MODE").await.expect("locked");
    let refused = schema.db(&["migrate", "--lock-timeout", "1"]).expect(1);
    assert!(refused.errors()[0].contains("a table it changes is in use"), "{refused:?}");
    client.batch_execute("ROLLBACK").await.expect("unlocked");
    schema.db(&["migrate"]).expect(0);
    schema.has_no_drift();
}

#[tokio::test]
async fn a_sqlite_file_that_another_process_writes_to_is_waited_for_and_then_left() {
    let schema = Schema::empty(Engine::Sqlite).await;
    let path = schema.url.trim_start_matches("sqlite:");
    let other = rusqlite::Connection::open(path).expect("open");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let refused = schema.db(&["migrate", "--lock-timeout", "1"]).expect(1);
    let error = refused.errors()[0];
    assert!(error.starts_with("Another process has been writing to "), "{error}");
    let note = "Waiting up to 1 s for the process that is writing to ";
    assert!(refused.stderr.starts_with(note), "{refused:?}");
    let waiting = begin(&schema, &["migrate"]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    other.execute_batch("ROLLBACK").expect("unlocked");
    assert!(waiting.wait_with_output().expect("it ends").status.success());
    schema.has_no_drift();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_wakes_slowly_is_waited_for() {
    let schema = Schema::empty(Engine::Postgres).await;
    let (front, name) = schema.url.rsplit_once('/').expect("a path");
    let login = front.rsplit_once('@').expect("a login").0;
    let real = ("127.0.0.1", crate::support::postgres::shared().port);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("{login}@127.0.0.1:{port}/{name}");
    tokio::spawn(async move {
        // The first to come is never answered.
        let _asleep = listener.accept().await.expect("a connection");
        loop {
            let (mut here, _) = listener.accept().await.expect("a connection");
            let mut there = tokio::net::TcpStream::connect(real).await.expect("the server");
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            });
        }
    });
    let migrated = tokio::task::spawn_blocking(move || {
        Schema { url: url.clone(), program: Program::new().env("DATABASE_URL", &url), ..schema }
            .db(&["migrate"])
    });
    migrated.await.expect("it ran").expect(0);
}
