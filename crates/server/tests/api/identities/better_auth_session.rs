//! Better Auth's session tokens: the value of its cookie and its bearer plugin's token, looked up in its
//! own table of the same PostgreSQL database.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::json;
use uuid::Uuid;

use super::{BETTER_AUTH, bearer, disable, trusting, users};
use crate::accounts::{run, sql};
use crate::both;
use crate::support::app::SECRET;
use crate::support::{Engine, TestApp};

pub(super) const TOKEN: &str = "CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW";

/// The value of the cookie.
pub(super) fn signed(secret: &str, token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{token}.{}", STANDARD.encode(hmac::sign(&key, token.as_bytes())))
}

/// An application whose database Better Auth has tables in, with one session of one user.
pub(super) async fn shared(change: impl FnOnce(&mut doorward::config::Settings)) -> TestApp {
    let app = TestApp::with(Engine::Postgres, |settings| {
        trusting(settings);
        change(settings);
    })
    .await;
    make_tables(&app).await;
    app
}

async fn make_tables(app: &TestApp) {
    for text in [
        r#"CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE,
            "emailVerified" boolean NOT NULL)"#,
        r#"CREATE TABLE "session" (id text PRIMARY KEY, "expiresAt" timestamptz NOT NULL,
            token text NOT NULL UNIQUE, "userId" text NOT NULL REFERENCES "user" (id))"#,
        r#"INSERT INTO "user" VALUES ('u1', 'Ada', 'ada@example.com', false)"#,
    ] {
        sql::<()>(app, text).await;
    }
    session(app, TOKEN, Duration::from_hours(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_made_after_the_start_are_found_half_a_minute_later() {
    let app = TestApp::with(Engine::Postgres, trusting).await;
    let ada = bearer(&app, TOKEN);
    ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    make_tables(&app).await;
    // Nobody makes the database search its catalog with every request.
    ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    app.advance(Duration::from_secs(30));
    ada.get("/auth/me").await.expect(200);
    // What is remembered is not believed for longer than it is true.
    rename(&app, &[r#"ALTER TABLE "session" RENAME "userId" TO user_id"#]).await;
    ada.get("/auth/me").await.expect(200);
    rename(&app, &[r#"ALTER TABLE "session" RENAME TO elsewhere"#]).await;
    ada.get("/auth/me").await.expect_problem(401, "invalid_token");
}

/// Gives its tables and columns other names.
async fn rename(app: &TestApp, texts: &[&'static str]) {
    for text in texts {
        sql::<()>(app, text).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_tables_may_be_called_as_drizzle_and_prisma_call_them() {
    let app = shared(|_| {}).await;
    let ada = bearer(&app, TOKEN);
    let user = ada.get("/auth/me").await.expect(200).json();
    let snake: [&[&str]; 3] = [
        &[r#"ALTER TABLE "session" RENAME "userId" TO user_id"#],
        &[r#"ALTER TABLE "session" RENAME "expiresAt" TO expires_at"#],
        &[r#"ALTER TABLE "user" RENAME "emailVerified" TO email_verified"#],
    ];
    for texts in snake {
        rename(&app, texts).await;
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), user, "{texts:?}");
    }
    // Beside Doorward's own users and sessions, in a schema of their own.
    rename(
        &app,
        &[
            "CREATE SCHEMA better",
            r#"ALTER TABLE "session" SET SCHEMA better"#,
            r#"ALTER TABLE "user" SET SCHEMA better"#,
            r#"ALTER TABLE better."session" RENAME TO sessions"#,
            r#"ALTER TABLE better."user" RENAME TO users"#,
        ],
    )
    .await;
    ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    rename(
        &app,
        &["DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, better', \
        current_database()); END $$"],
    )
    .await;
    let later = TestApp::over(&app.url, app.clock.clone(), 3, trusting).await;
    assert_eq!(bearer(&later, TOKEN).get("/auth/me").await.expect(200).json(), user);
    rename(&later, &["DELETE FROM better.sessions"]).await;
    bearer(&later, TOKEN).get("/auth/me").await.expect_problem(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doorwards_own_tables_are_never_taken_for_better_auths() {
    let app = shared(|_| {}).await;
    rename(
        &app,
        &[
            r#"DROP TABLE "session""#,
            r#"DROP TABLE "user""#,
            "ALTER TABLE sessions ADD COLUMN token text",
        ],
    )
    .await;
    app.sign_up("ada").await;
    rename(&app, &["UPDATE sessions SET token = 'CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW'"]).await;
    bearer(&app, TOKEN).get("/auth/me").await.expect_problem(401, "invalid_token");
}

async fn session(app: &TestApp, token: &str, left: Duration) {
    const ADD: Sql =
        statement!("ADD", r#"INSERT INTO "session" VALUES (:token, :until, :token, 'u1')"#);
    run::<()>(app, step!(ADD { token, until: app.clock.now() + left })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_token_opens_one_user_in_every_spelling() {
    let app = shared(|_| {}).await;
    let whole = signed(SECRET, TOKEN);
    let encoded = whole.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut ids = Vec::new();
    for token in [TOKEN, &whole, &encoded] {
        let user = bearer(&app, token).get("/auth/me").await.expect(200).json();
        assert_eq!(user["email"], "ada@example.com");
        assert_eq!(user["name"], "Ada");
        assert_eq!(user["email_verified"], false);
        assert_eq!(user["roles"], json!(["user"]));
        ids.push(user["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(users(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_user_has_tasks_and_nobody_elses() {
    let app = shared(|_| {}).await;
    let local = app.sign_up("eve").await;
    let hidden = local.post("/api/tasks", json!({"title": "eve's"})).await.expect(201);
    let ada = bearer(&app, TOKEN);
    let made = ada.post("/api/tasks", json!({"title": "ada's"})).await.expect(201);
    let path = made.header("location").to_owned();
    ada.get(&path).await.expect(200);
    ada.patch(&path, json!({"title": "changed"})).await.expect(200);
    ada.get(hidden.header("location")).await.expect_problem(404, "not_found");
    local.get(&path).await.expect_problem(404, "not_found");
    let listed = ada.get("/api/tasks").await.expect(200).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(listed[0]["title"], "changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_dies_with_its_session_at_better_auth() {
    let app = shared(|_| {}).await;
    let ada = bearer(&app, TOKEN);
    ada.get("/api/tasks").await.expect(200);
    app.advance(Duration::from_hours(1));
    ada.get("/api/tasks").await.expect_problem(401, "invalid_token");
    let other = "x".repeat(32);
    session(&app, &other, Duration::from_hours(1)).await;
    let other = bearer(&app, &other);
    other.get("/api/tasks").await.expect(200);
    sql::<()>(&app, r#"DELETE FROM "session""#).await;
    let reply = other.get("/api/tasks").await.expect_problem(401, "invalid_token");
    assert!(reply.header("www-authenticate").starts_with(r#"Bearer error="invalid_token""#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_must_be_right_and_the_token_known() {
    let app = shared(|_| {}).await;
    let whole = signed(SECRET, TOKEN);
    for token in [
        signed("another secret of more than thirty-two bytes", TOKEN),
        signed(SECRET, &"x".repeat(32)),
        TOKEN.to_lowercase(),
        TOKEN[..31].into(),
        format!("{TOKEN}."),
        format!("{TOKEN}' OR '1'='1"),
        format!("{whole}="),
        whole.replace('.', ".."),
    ] {
        bearer(&app, &token).get("/api/tasks").await.expect_problem(401, "invalid_token");
    }
    assert_eq!(users(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_previous_secret_still_proves_a_cookie() {
    let old = "the secret of last year, thirty-two bytes at least";
    let previous = doorward::config::Secret::new(old);
    let app = shared(|settings| settings.previous_secrets = vec![previous]).await;
    bearer(&app, &signed(old, TOKEN)).get("/api/tasks").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_user_is_out_at_once() {
    let app = shared(|_| {}).await;
    let ada = bearer(&app, TOKEN);
    let user = ada.get("/auth/me").await.expect(200).json();
    disable(&app, user["id"].as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap()).await;
    ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    ada.post("/api/tasks", json!({"title": "x"})).await.expect_problem(401, "invalid_token");
    ada.post("/api/tasks", json!({"title": 7})).await.expect_problem(401, "invalid_token");
    assert_eq!(users(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_user_administers_while_holding_the_role() {
    let app = shared(|_| {}).await;
    let bob = app.admin("bob").await;
    let mut ada = bearer(&app, TOKEN);
    ada.user = ada.get("/auth/me").await.expect(200).json();
    ada.get("/admin/users").await.expect_problem(403, "insufficient_scope");
    ada.delete(&bob.at("")).await.expect_problem(403, "insufficient_scope");
    app.operator_grants(&ada, "admin").await;
    ada.get("/admin/users").await.expect(200);
    ada.patch(&bob.at(""), json!({"name": "Robert"})).await.expect(200);
    ada.delete(&ada.at("/roles/admin")).await.expect(204);
    ada.get("/admin/users").await.expect_problem(403, "insufficient_scope");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_sights_of_one_person_make_one_user() {
    let app = shared(|_| {}).await;
    let calls = (0..32).map(|_| {
        let ada = bearer(&app, TOKEN);
        tokio::spawn(async move { ada.get("/auth/me").await.expect(200).json()["id"].clone() })
    });
    let mut ids = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        ids.push(call.await.unwrap());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(users(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_without_time_zone_holds_utc() {
    let app = shared(|_| {}).await;
    for text in [
        r#"ALTER TABLE "session" ALTER "expiresAt" TYPE timestamp USING "expiresAt" AT TIME ZONE 'UTC'"#,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Pacific/Kiritimati''', \
            current_database()); END $$",
    ] {
        sql::<()>(&app, text).await;
    }
    let later = TestApp::over(&app.url, app.clock.clone(), 3, trusting).await;
    bearer(&later, TOKEN).get("/api/tasks").await.expect(200);
    app.advance(Duration::from_hours(1));
    bearer(&later, TOKEN).get("/api/tasks").await.expect_problem(401, "invalid_token");
}

both! {
    async fn without_its_tables_a_token_is_merely_unknown(engine: Engine) {
        let app = TestApp::with(engine, trusting).await;
        for token in [TOKEN.to_owned(), signed(SECRET, TOKEN)] {
            bearer(&app, &token).get("/api/tasks").await.expect_problem(401, "invalid_token");
        }
    }

    async fn without_better_auth_nothing_is_looked_up(engine: Engine) {
        let app = TestApp::start(engine).await;
        bearer(&app, TOKEN).get("/api/tasks").await.expect_problem(401, "invalid_token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_path_may_name_the_user_as_better_auth_does() {
    let app = shared(|settings| settings.tasks_path = "/api/{user_id}/tasks".into()).await;
    let ada = bearer(&app, TOKEN);
    let id = ada.get("/auth/me").await.expect(200).json()["id"].as_str().unwrap().to_owned();
    ada.get("/api/u1/tasks").await.expect(200);
    ada.get(&format!("/api/{id}/tasks")).await.expect(200);
    for other in ["u2", "U1", BETTER_AUTH, &Uuid::nil().to_string()] {
        let other = other.replace('/', "%2F");
        ada.get(&format!("/api/{other}/tasks")).await.expect_problem(403, "insufficient_scope");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_call_their_owner_as_better_auth_does() {
    let app = shared(|_| {}).await;
    let ada = bearer(&app, TOKEN);
    let made = ada.post("/api/tasks", json!({"title": "a"})).await.expect(201).json();
    let path = format!("/api/tasks/{}", made["id"].as_str().unwrap());
    let list = ada.get("/api/tasks").await.expect(200).json();
    let counted = ada.get("/api/tasks?total=true").await.expect(200).json();
    let changed = ada.patch(&path, json!({"title": "b"})).await.expect(200).json();
    let done = ada.patch(&format!("{path}/complete"), json!({})).await.expect(200).json();
    for task in [&made, &ada.get(&path).await.json(), &list[0], &counted[0], &changed, &done] {
        assert_eq!(task["user_id"], "u1", "{task}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_here_ends_no_session_there() {
    let app = shared(|_| {}).await;
    let ada = bearer(&app, TOKEN);
    ada.post_empty("/auth/logout").await.expect(204);
    ada.get("/auth/me").await.expect(200);
    let password = json!({"password": "whatever it may be"});
    ada.delete_with("/auth/me", password).await.expect_problem(403, "wrong_password");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_user_comes_back_as_a_new_one() {
    let app = shared(|_| {}).await;
    let ada = bearer(&app, TOKEN);
    let first = ada.get("/auth/me").await.expect(200).json();
    ada.post("/api/tasks", json!({"title": "x"})).await.expect(201);
    sql::<()>(&app, "DELETE FROM users").await;
    ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    let second = ada.get("/auth/me").await.expect(200).json();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(ada.get("/api/tasks").await.expect(200).json(), json!([]));
}
