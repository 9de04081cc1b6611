//! A PostgreSQL server of one's own, broken one way at a time.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use super::Examined;
use crate::program::{Program, SECRET};
use crate::support::pooler::Pooler;
use crate::support::postgres::{self, PASSWORD, Postgres, free_port, unprivileged};

fn on(url: &str) -> Program {
    Program::new().env("BETTER_AUTH_SECRET", SECRET).env("DATABASE_URL", url)
}

async fn migrated() -> (Program, String) {
    let url = postgres::migrated_database().await;
    (on(&url), url)
}

async fn run(url: &str, sql: &str) {
    let database = url.rsplit('/').next().expect("a database");
    let client = postgres::shared().connect(database).await;
    client.batch_execute(sql).await.expect("the statements");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healthy_server_passes() {
    let (program, _) = migrated().await;
    let examined = Examined::of(&program, &[]);
    for (check, words) in [
        ("database.dns", "127.0.0.1 is an address"),
        ("database.tcp", "accepts connections"),
        ("database.tls", "not needed on this machine"),
        ("database.sign-in", "As postgres in t"),
        ("database.version", "PostgreSQL "),
        ("database.writes", "accepts writes"),
        ("database.pooler", "connected to PostgreSQL itself"),
        ("database.round-trip", "95th percentile"),
        ("database.clock", "ahead of ours"),
        ("schema.migrations", "are applied"),
        ("schema.privileges", "has all privileges that the server needs"),
        ("schema.drift", "match the migrations"),
        ("schema.isolation", "attempts to bypass row-level security"),
    ] {
        // Whose clock is ahead by how many microseconds is nobody's business.
        let words = if check == "database.clock" { " ours, ±" } else { words };
        examined.expect(check, "ok", words);
    }
    assert_eq!(examined.ended.code, Some(0), "{:?}", examined.ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_a_port_a_password_or_a_database_that_is_wrong_is_reported_as_such() {
    let server = postgres::shared();
    let (host, port) = ("127.0.0.1", server.port);
    let url = |login: &str, place: &str| format!("postgresql://{login}@{place}/postgres");
    let nowhere = on(&url("ada:hunter2", "no-such-host.invalid"));
    let examined = Examined::of(&nowhere, &[]);
    examined.expect("database.dns", "failed", "no-such-host.invalid was not found");
    examined.expect("database.sign-in", "skipped", "not reached");
    let dead = on(&url("ada:hunter2", &format!("{host}:{}", free_port())));
    Examined::of(&dead, &[]).expect("database.tcp", "failed", "does not accept connections");
    let wrong = on(&url("postgres:hunter2", &format!("{host}:{port}")));
    Examined::of(&wrong, &[]).expect(
        "database.sign-in",
        "failed",
        "rejected the password of user postgres",
    );
    let missing = on(&format!("postgresql://postgres:{PASSWORD}@{host}:{port}/nothing"));
    Examined::of(&missing, &[]).expect("database.sign-in", "failed", "has no database nothing");
    let empty = on(&postgres::fresh_database().await);
    let examined = Examined::of(&empty, &[]);
    examined.expect("schema.migrations", "failed", "Run `doorward db migrate`");
    examined.expect("schema.drift", "skipped", "no tables yet");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_stopped_is_reported() {
    let server = Postgres::start(&[]);
    let program = on(&server.url("postgres"));
    Examined::of(&program, &[]).expect("database.tcp", "ok", "accepts connections");
    server.ctl(&["stop", "-m", "immediate"]);
    let stopped = Examined::of(&program, &[]);
    stopped.expect("database.tcp", "failed", "Check that PostgreSQL runs there");
    assert_eq!(stopped.ended.code, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_a_schema_that_drifted_and_reads_only_are_reported() {
    let (program, url) = migrated().await;
    let database = url.rsplit('/').next().expect("a database").to_owned();
    // The check asks without a schema, so that another clock can be put in front of the system's.
    run(
        &url,
        &format!(
            "CREATE SCHEMA wrong; CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
             $$ SELECT pg_catalog.clock_timestamp() + interval '90 seconds' $$; \
             ALTER DATABASE {database} SET search_path = public, wrong, pg_catalog"
        ),
    )
    .await;
    let examined = Examined::of(&program, &[]);
    examined.expect("database.clock", "failed", "NTP");
    run(
        &url,
        "CREATE OR REPLACE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         $$ SELECT pg_catalog.clock_timestamp() - interval '5 seconds' $$",
    )
    .await;
    Examined::of(&program, &[]).expect("database.clock", "warning", "behind ours");
    run(&url, &format!("ALTER DATABASE {database} RESET search_path; DROP SCHEMA wrong CASCADE"))
        .await;

    run(&url, "DROP INDEX users_email_key").await;
    let drifted = Examined::of(&program, &[]);
    drifted.expect("schema.drift", "failed", "users_email_key");
    drifted.expect("schema.isolation", "ok", "failed as expected");

    run(&url, "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY").await;
    let exposed = Examined::of(&program, &[]);
    exposed.expect("schema.isolation", "failed", "doorward db repair");

    run(&url, &format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).await;
    let reading = Examined::of(&program, &[]);
    reading.expect("database.writes", "failed", "Connect to the primary");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn privileges_that_the_login_lacks_are_reported_as_grants() {
    let (_, url) = migrated().await;
    let database = url.rsplit('/').next().expect("a database").to_owned();
    let login = format!("reader_{database}");
    let sql = format!(
        "CREATE ROLE {login} LOGIN PASSWORD 'hunter2'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {login}"
    );
    run(&url, &sql).await;
    let port = postgres::shared().port;
    let program = on(&format!("postgresql://{login}:hunter2@127.0.0.1:{port}/{database}"));
    let examined = Examined::of(&program, &[]);
    examined.expect("schema.privileges", "failed", &format!("TO {login}"));
    assert_eq!(examined.ended.code, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn better_auths_tables_are_named_or_missed() {
    let (program, url) = migrated().await;
    let program = program.env("BETTER_AUTH_URL", "https://app.example.com");
    let missing = Examined::of(&program, &["--timeout", "3"]);
    missing.expect("network.better-auth", "warning", "are not in the search path");
    let tables = r#"CREATE TABLE "user" (id text, name text, email text, email_verified boolean);
        CREATE TABLE session (id text, token text, "userId" text, "expiresAt" timestamptz)"#;
    run(&url, tables).await;
    let found = Examined::of(&program, &["--timeout", "3"]);
    found.expect("network.better-auth", "ok", "public.session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_is_reported_from_the_server_itself() {
    let Some(pooler) = Pooler::start("").await else { return };
    let (_, url) = migrated().await;
    let program = on(&pooler.before(&url)).env("DATABASE_URL_UNPOOLED", &url);
    let (status, reported) = Examined::of(&program, &[]).reported("database.pooler");
    assert!(reported.contains("through a pooler"), "{status} {reported}");
}

/// A server with a certificate for `localhost` that expires in `days`, signed by `ca.pem`.
fn secured(dir: &Path, days: i32) -> Postgres {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    let script = format!(
        "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'; \
         for ca in ca other; do $new -x509 -days 400 -subj /CN=$ca -keyout $ca.key -out $ca.pem; done && \
         $new -subj /CN=localhost -keyout server.key -out server.csr && \
         printf subjectAltName=DNS:localhost > san && \
         openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile san \
         -out server.pem"
    );
    let made = Command::new("sh").args(["-c", &script]).current_dir(dir).output().expect("sh");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let key = dir.join("server.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    if let Some((uid, gid)) = unprivileged() {
        chown(&key, Some(uid), Some(gid)).expect("chown");
    }
    Postgres::start(&[
        "ssl = on",
        &format!("ssl_cert_file = '{}'", dir.join("server.pem").display()),
        &format!("ssl_key_file = '{}'", key.display()),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_days_of_a_certificate_are_counted_and_its_authority_is_judged() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = secured(dir.path(), 5);
    let ca = |name: &str| dir.path().join(name).display().to_string();
    let url = |host: &str, more: &str| {
        format!("postgresql://postgres:{PASSWORD}@{host}:{}/postgres?{more}", server.port)
    };
    let full = format!("sslmode=verify-full&sslrootcert={}", ca("ca.pem"));
    let soon = Examined::of(&on(&url("localhost", &full)), &[]);
    soon.expect("database.tls", "warning", "expires in 4 days");
    soon.expect("database.channel-binding", "ok", "SCRAM-SHA-256-PLUS");
    let required = on(&url("localhost", &format!("{full}&channel_binding=require")));
    Examined::of(&required, &[]).expect("database.channel-binding", "ok", "SCRAM-SHA-256-PLUS");
    let other =
        on(&url("localhost", &format!("sslmode=verify-full&sslrootcert={}", ca("other.pem"))));
    let distrusted = Examined::of(&other, &[]);
    distrusted.expect("database.tls", "failed", "is not trusted");
    distrusted.expect("database.sign-in", "failed", "is not trusted");
    let renamed = on(&url("127.0.0.1", &full));
    Examined::of(&renamed, &[]).expect("database.tls", "failed", "another host name");
    let off = on(&url("localhost", "sslmode=disable"));
    let examined = Examined::of(&off, &[]);
    examined.expect("database.tls", "ok", "not needed on this machine");
    examined.expect("database.channel-binding", "skipped", "Not applicable without TLS");
    let without = Postgres::start(&[]);
    let asks = format!(
        "postgresql://postgres:{PASSWORD}@localhost:{}/postgres?sslmode=require",
        without.port
    );
    Examined::of(&on(&asks), &[]).expect("database.tls", "failed", "Enable ssl in postgresql.conf");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_has_ended_is_reported_as_such() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = secured(dir.path(), -1);
    let ca = dir.path().join("ca.pem").display().to_string();
    let url = |more: &str| {
        format!("postgresql://postgres:{PASSWORD}@localhost:{}/postgres?{more}", server.port)
    };
    let checked = on(&url(&format!("sslmode=verify-full&sslrootcert={ca}")));
    let examined = Examined::of(&checked, &[]);
    examined.expect("database.tls", "failed", "expired");
    examined.expect("database.sign-in", "failed", "expired");
    // Where nobody checks it, it has ended all the same.
    let (status, reported) =
        Examined::of(&on(&url("sslmode=require")), &[]).reported("database.tls");
    assert!(status == "failed" && reported.contains("expired on"), "{status} {reported}");
}
