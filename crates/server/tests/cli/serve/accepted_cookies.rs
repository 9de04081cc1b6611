//! What `config check` says of `ACCEPT_COOKIES`.

use serde_json::json;

use crate::program::Program;
use crate::support::postgres;

#[test]
fn cookies_need_better_auth_and_its_database() {
    let program = Program::ready().env("ACCEPT_COOKIES", "true");
    let said = program.run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("ACCEPT_COOKIES needs BETTER_AUTH_URL"), "{said}");
    let program = program.env("BETTER_AUTH_URL", "https://app.example.com");
    let said = program.run(&["config", "check"]).expect(0);
    let said = format!("{}{}", said.stdout, said.stderr);
    assert!(said.contains("ACCEPT_COOKIES with SQLite accepts only the sessions that"), "{said}");
    let program = program
        .env("DATABASE_URL", "postgres://u:p@localhost/db?sslmode=disable")
        .env("BETTER_AUTH_COOKIE_PREFIX", "my shop");
    let said = program.run(&["config", "check"]).expect(78).stderr;
    assert!(said.contains("BETTER_AUTH_COOKIE_PREFIX must consist of letters"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn config_check_names_the_tables_it_found() {
    let url = postgres::migrated_database().await;
    let program = Program::ready()
        .env("DATABASE_URL", &url)
        .env("BETTER_AUTH_URL", "https://app.example.com")
        .env("ACCEPT_COOKIES", "true");
    let said = program.run(&["config", "check", "--connect"]).expect(0).stderr;
    assert!(
        said.contains("warning: Better Auth's tables session and user are not in the search path"),
        "{said}"
    );
    let database = url.rsplit('/').next().expect("a database");
    let client = postgres::shared().connect(database).await;
    let tables = r#"CREATE TABLE "user" (id text, name text, email text, email_verified boolean);
        CREATE TABLE session (id text, token text, "userId" text, "expiresAt" timestamptz)"#;
    client.batch_execute(tables).await.expect("the statements");
    let document = program.run(&["config", "check", "--connect", "--json"]).expect(0).json();
    assert_eq!(document["warnings"], json!([]));
    let note = r#"Better Auth's tables here are public.session ("userId", "expiresAt") and public."user" (email_verified)."#;
    assert_eq!(document["notes"], json!([note]));
}
