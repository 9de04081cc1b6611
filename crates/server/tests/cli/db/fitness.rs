//! A database that answers and lacks what the server needs: each lack has its own sentence, at once, and
//! the command that helps stands in it.

use std::process::Command;

use crate::db::schema::Schema;
use crate::program::{Program, becomes_ready};
use crate::support::Engine;
use crate::support::postgres::{self, Postgres, bindir};
use crate::support::redis::Redis;

/// What `serve` says of the database, which it must refuse with this exit code.
#[track_caller]
fn refused(program: &Program, code: i32) -> String {
    let ended = program.run(&["serve"]).expect(code);
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
    assert!(!ended.stderr.contains(postgres::PASSWORD), "{ended:?}");
    ended.errors()[0].to_string()
}

fn name(schema: &Schema) -> String {
    schema.url.rsplit('/').next().expect("a path").to_owned()
}

#[tokio::test]
async fn each_privilege_that_a_login_lacks_is_reported_as_the_statement_that_grants_it() {
    let schema = Schema::migrated(Engine::Postgres).await;
    schema.sql("CREATE ROLE service LOGIN PASSWORD 'service'");
    let port = postgres::shared().port;
    let url = format!("postgresql://service:service@127.0.0.1:{port}/{}", name(&schema));
    let program = Program::ready().env("DATABASE_URL", &url);
    let message = refused(&program, 78);
    for grant in [
        "GRANT SELECT ON doorward_migrations TO service;",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON users TO service;",
        "GRANT SELECT, UPDATE ON audit_horizon TO service;",
    ] {
        assert!(message.contains(grant), "{message}");
    }
    schema.sql("GRANT SELECT ON doorward_migrations TO service");
    let message = refused(&program, 78);
    assert!(
        !message.contains("doorward_migrations TO") && message.contains("ON users TO"),
        "{message}"
    );
    assert!(message.contains("SELECT, INSERT, UPDATE, DELETE on users"), "{message}");
    assert!(message.contains("`doorward db migrate --grant-to service`"), "{message}");
    let (_, grants) = message.split_once("run: ").expect("the statements");
    schema.sql(grants);
    let mut server = program.start(&["serve"]);
    becomes_ready(&server.url());
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_called_that() {
    let schema = Schema::migrated(Engine::Postgres).await;
    schema.sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", name(&schema)));
    let program = Program::ready().env("DATABASE_URL", &schema.url);
    let began = std::time::Instant::now();
    assert!(refused(&program, 1).contains("is read-only"));
    assert!(began.elapsed().as_secs() < 8, "no ten seconds of trying");
    let empty = Schema::empty(Engine::Postgres).await;
    empty.sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", name(&empty)));
    let ended = empty.db(&["migrate"]).expect(1);
    assert!(ended.stderr.contains("is read-only"), "{ended:?}");
}

#[tokio::test]
async fn a_login_that_sees_no_schema_is_reported() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let url = format!("{}?options=-c%20search_path%3Dabsent", schema.url);
    let message = refused(&Program::ready().env("DATABASE_URL", &url), 78);
    assert!(message.contains("has no schema that the login may use"), "{message}");
}

#[tokio::test]
async fn settings_that_change_what_statements_mean_are_refused_by_name_before_anything_is_changed()
{
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    for (setting, value) in [
        ("standard_conforming_strings", "off"),
        ("transform_null_equals", "on"),
        ("row_security", "off"),
        ("session_replication_role", "replica"),
        ("default_transaction_isolation", "serializable"),
    ] {
        let schema = Schema::empty(Engine::Postgres).await;
        let alter = format!("ALTER DATABASE {} SET {setting} = {value}", name(&schema));
        schema.sql(&alter);
        let message = format!("{setting} is {value} instead of ");
        let ended = schema.db(&["migrate"]).expect(1);
        assert!(ended.stderr.contains(&message), "{ended:?}");
        assert_eq!(schema.sql(tables), "0", "nothing was changed");
        schema.sql(&format!("ALTER DATABASE {} RESET {setting}", name(&schema)));
        schema.db(&["migrate"]).expect(0);
        schema.sql(&alter);
        let program = Program::ready().env("DATABASE_URL", &schema.url);
        assert!(refused(&program, 78).contains(&message), "{setting}");
        assert!(schema.drift().iter().any(|sentence| sentence.contains(&message)), "{setting}");
    }
}

#[tokio::test]
async fn an_encoding_other_than_utf8_is_refused_before_anything_is_changed() {
    let admin = Schema::empty(Engine::Postgres).await;
    admin.sql(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let url = postgres::shared().url("latin");
    let program = Program::ready().env("DATABASE_URL", &url);
    let ended = program.run(&["db", "migrate"]).expect(1);
    assert!(ended.stderr.contains("server_encoding is LATIN1 instead of UTF8"), "{ended:?}");
    assert!(refused(&program, 78).contains("server_encoding is LATIN1 instead of UTF8"));
}

#[tokio::test]
async fn row_level_security_that_is_lost_is_refused_and_repair_puts_it_back() {
    for loss in [
        "ALTER VIEW own_tasks OWNER TO postgres",
        "DROP POLICY own_tasks ON tasks",
        "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
        "DROP VIEW own_tasks",
        "REVOKE ALL ON tasks FROM doorward_tenant; ALTER VIEW own_tasks OWNER TO postgres",
    ] {
        let schema = Schema::migrated(Engine::Postgres).await;
        schema.sql(loss);
        let program = Program::ready().env("DATABASE_URL", &schema.url);
        let message = refused(&program, 78);
        // A view that is gone is a privilege that nobody has.
        assert!(message.contains("`doorward db repair`"), "{loss}: {message}");
        schema.db(&["repair"]).expect(0);
        schema.has_no_drift();
        let mut server = program.start(&["serve"]);
        becomes_ready(&server.url());
    }
}

#[tokio::test]
async fn a_dump_restored_where_the_role_is_missing_is_refused_and_repaired() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let url = |url: &str| url.replace("%40ss/", "%40ss%2F");
    let dump =
        Command::new(bindir().join("pg_dump")).arg(url(&schema.url)).output().expect("a dump");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let other = Postgres::start(&[]);
    let file = other.dir.join("dump.sql");
    std::fs::write(&file, dump.stdout).expect("written");
    let restored = other.url("postgres");
    let psql = Command::new("psql").args([&url(&restored), "-q", "-f"]).arg(&file).output();
    assert!(psql.expect("restored").status.success());
    let program = Program::ready().env("DATABASE_URL", &restored);
    assert!(refused(&program, 78).contains("`doorward db repair`"));
    program.run(&["db", "repair"]).expect(0);
    program.run(&["db", "verify"]).expect(0);
    let mut server = program.start(&["serve"]);
    becomes_ready(&server.url());
}

both! {
    async fn tables_of_another_application_are_called_that(engine: Engine) {
        let schema = Schema::empty(engine).await;
        schema.sql("CREATE TABLE users (id INTEGER); CREATE TABLE orders (id INTEGER)");
        let program = Program::ready().env("DATABASE_URL", &schema.url);
        let message = refused(&program, 78);
        assert!(message.contains("with Doorward's names (users): use a separate database"), "{message}");
        assert!(!message.contains("orders"), "{message}");
    }

    async fn a_newer_schema_is_served_and_said(engine: Engine) {
        let schema = Schema::migrated(engine).await;
        schema.sql(
            "INSERT INTO doorward_migrations VALUES (9000, 'later', 'x', '2026-11-20T12:00:00Z')",
        );
        let program = Program::ready().env("DATABASE_URL", &schema.url);
        let mut server = program.start(&["serve"]);
        server.until("is at migration 9000, newer than this binary's");
        becomes_ready(&server.url());
    }
}

/// As where Better Auth keeps its own users beside ours.
#[tokio::test]
async fn another_application_s_tables_further_on_the_search_path_are_no_obstacle() {
    let url = postgres::fresh_database().await;
    let name = url.rsplit('/').next().and_then(|it| it.split('?').next()).expect("a name");
    let made = format!(
        "CREATE SCHEMA better; CREATE TABLE better.users (id TEXT); \
         ALTER DATABASE \"{name}\" SET search_path = public, better"
    );
    postgres::shared().connect(name).await.batch_execute(&made).await.expect("made");
    let mut server = Program::ready().env("DATABASE_URL", &url).start(&["serve", "--migrate"]);
    becomes_ready(&server.url());
}

#[tokio::test]
async fn a_database_without_tls_where_it_is_asked_for_is_called_that_at_once() {
    let schema = Schema::migrated(Engine::Postgres).await;
    let program = Program::ready().env("DATABASE_URL", &format!("{}?sslmode=require", schema.url));
    let began = std::time::Instant::now();
    assert!(refused(&program, 1).contains("does not offer TLS"));
    assert!(began.elapsed().as_secs() < 8, "no ten seconds of trying");
}

/// A port that is another product's: Redis, which closes what does not speak its language.
#[tokio::test]
async fn another_product_behind_the_address_is_called_that_at_once() {
    let Some(redis) = Redis::start().await else { return };
    let url = format!("postgresql://ada:hunter2@127.0.0.1:{}/app", redis.port);
    let program = Program::ready().env("DATABASE_URL", &url);
    let began = std::time::Instant::now();
    let told = refused(&program, 1);
    assert!(told.contains("is not PostgreSQL: check the host and the port"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    assert!(began.elapsed().as_secs() < 8, "no ten seconds of trying");
}
