//! The server behind the address becomes another one: a standby that takes no writes, an empty one, one
//! that lost its protection, one that grants few connections. Nothing is restarted on our side.

use std::time::Duration;

use doorward::clock::Clock;
use serde_json::json;

use crate::postgres::data::{NOW, few};
use crate::postgres::proxy::Proxy;
use crate::support::client::PASSWORD;
use crate::support::postgres::Postgres;
use crate::support::{Client, TestApp, postgres};

async fn app() -> (TestApp, tokio_postgres::Client, String) {
    let url = postgres::migrated_database().await;
    let app = TestApp::over(&url, Clock::frozen(NOW), 1, |_| {}).await;
    let name = url.rsplit('/').next().unwrap().to_owned();
    (app, postgres::shared().connect("postgres").await, name)
}

/// The status of a sign-in.
async fn sign_in(client: &Client) -> u16 {
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    client.post("/auth/login", body).await.status
}

/// Asks until the answer is this one, for half a minute of real time: servers are told by sockets.
async fn until(status: u16, app: &TestApp, mut ask: impl AsyncFnMut() -> u16) {
    let asked = async {
        while ask().await != status {
            app.advance(Duration::from_secs(6));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("the answer in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_no_writes_is_left_and_writes_work_again_without_a_restart() {
    let (app, admin, name) = app().await;
    let ada = app.sign_up("ada").await;
    let anonymous = app.anonymous();
    let ready = async || anonymous.get("/readyz").await.status;
    until(200, &app, ready).await;
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    admin.batch_execute(&read_only).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    admin.query(end, &[&name]).await.unwrap();
    until(503, &app, async || sign_in(&anonymous).await).await;
    until(503, &app, ready).await;
    assert_eq!(anonymous.get("/readyz").await.json()["database"], "read_only");
    assert_eq!(anonymous.get("/health").await.status, 503);
    let reading = async || ada.get("/auth/me").await.status;
    until(200, &app, reading).await;
    // The connections that were opened meanwhile stay as they are: read-only.
    let reset = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
    admin.batch_execute(&reset).await.unwrap();
    until(200, &app, async || sign_in(&anonymous).await).await;
    until(200, &app, ready).await;
    let renamed = ada.patch("/auth/me", json!({"name": "Ada L."})).await;
    renamed.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_before_are_left_when_one_finds_that_the_server_takes_no_writes() {
    let (app, admin, name) = app().await;
    app.sign_up("ada").await;
    let anonymous = app.anonymous();
    let setting = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    admin.batch_execute(&setting).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    admin.query(end, &[&name]).await.unwrap();
    until(503, &app, async || sign_in(&anonymous).await).await;
    let reset = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
    admin.batch_execute(&reset).await.unwrap();
    until(200, &app, async || sign_in(&anonymous).await).await;
    let watch = postgres::shared().connect(&name).await;
    let user = "SELECT count(*) FROM users";
    let before: i64 = watch.query_one(user, &[]).await.unwrap().get(0);
    for number in 0..8 {
        app.sign_up(&format!("user{number}")).await;
    }
    let after: i64 = watch.query_one(user, &[]).await.unwrap().get(0);
    assert_eq!(after - before, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_is_503_on_every_route_until_its_schema_is_there() {
    let (app, _, name) = app().await;
    let ada = app.sign_up("ada").await;
    let admin = postgres::shared().connect(&name).await;
    ada.get("/api/tasks").await.expect(200);
    admin.batch_execute("DROP SCHEMA public CASCADE").await.unwrap();
    for empty in ["", "CREATE SCHEMA public"] {
        admin.batch_execute(empty).await.unwrap();
        let account = json!({"email": "eve@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", account.clone()).await.expect(503);
        app.anonymous().post("/auth/login", account).await.expect(503);
        for path in ["/auth/me", "/api/tasks", "/auth/sessions"] {
            ada.get(path).await.expect(503);
        }
        ada.post("/api/tasks", json!({"title": "a task"})).await.expect(503);
        app.advance(Duration::from_secs(6));
        app.anonymous().get("/readyz").await.expect(503);
    }
    crate::support::app::migrate(&app.url).await;
    let eve = app.sign_up("eve").await;
    eve.post("/api/tasks", json!({"title": "a task"})).await.expect(201);
    app.advance(Duration::from_secs(6));
    app.anonymous().get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_lost_its_row_level_security_is_not_ready_and_names_the_command() {
    let (app, _, name) = app().await;
    let admin = postgres::shared().connect(&name).await;
    let anonymous = app.anonymous();
    let ready = async || anonymous.get("/readyz").await.status;
    until(200, &app, ready).await;
    let ada = app.sign_up("ada").await;
    for (loss, remedy) in [
        ("ALTER VIEW own_tasks OWNER TO postgres", "ALTER VIEW own_tasks OWNER TO doorward_tenant"),
        (
            "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY",
        ),
        ("CREATE POLICY wide ON tasks USING (TRUE)", "DROP POLICY wide ON tasks"),
        (
            "ALTER POLICY own_tasks ON tasks RENAME TO other",
            "ALTER POLICY other ON tasks RENAME TO own_tasks",
        ),
    ] {
        admin.batch_execute(loss).await.unwrap();
        until(503, &app, ready).await;
        let said = anonymous.get("/readyz").await.json();
        assert_eq!(said["database"], "unprotected", "{loss}");
        assert_eq!(said["action"], "Run `doorward db repair`.", "{loss}");
        // Who finds out leaves the connections that others would use.
        ada.get("/api/tasks").await.expect_problem(503, "unavailable");
        admin.batch_execute(remedy).await.unwrap();
        until(200, &app, ready).await;
        until(200, &app, async || ada.get("/api/tasks").await.status).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_connections_are_enough_for_every_kind_of_work() {
    for limit in [1, 3] {
        let url = postgres::migrated_database().await;
        let name = url.rsplit('/').next().unwrap();
        let url = few(&format!("few_{limit}_{name}"), name, limit).await;
        let app = TestApp::over(&url, Clock::frozen(NOW), 1, |_| {}).await;
        let mut users = tokio::task::JoinSet::new();
        for number in 0..8 {
            let client = app.sign_up(&format!("user{number}")).await;
            users.spawn(async move {
                for _ in 0..5 {
                    client.post("/api/tasks", json!({"title": "a task"})).await.expect(201);
                    client.get("/api/tasks").await.expect(200);
                    client.get("/auth/me").await.expect(200);
                    client.patch("/auth/me", json!({"name": "x"})).await.expect(200);
                }
            });
        }
        while let Some(done) = users.join_next().await {
            done.unwrap();
        }
        app.anonymous().get("/readyz").await.expect(200);
    }
}

/// A real fail-over: the primary ends, the address leads to a standby that has streamed along, and that
/// one is promoted a moment later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_takes_over_without_a_restart_and_has_all_that_was_acknowledged()
{
    let primary = Postgres::start(&[]);
    crate::support::app::migrate(&primary.url("postgres")).await;
    let proxy = Proxy::to(primary.port).await;
    let url = proxy.before(&primary.url("postgres"));
    let app = TestApp::over(&url, Clock::frozen(NOW), 1, |_| {}).await;
    let ada = app.sign_up("ada").await;
    let standby = tokio::task::block_in_place(|| primary.standby());
    ada.post("/api/tasks", json!({"title": "streamed"})).await.expect(201);
    // A clean stop waits until the standby has everything.
    tokio::task::block_in_place(|| primary.ctl(&["-m", "fast", "stop"]));
    let anonymous = app.anonymous();
    let ready = async || anonymous.get("/readyz").await.status;
    until(503, &app, ready).await;
    proxy.lead_to(standby.port);
    until(200, &app, async || ada.get("/auth/me").await.status).await;
    assert_eq!(sign_in(&anonymous).await, 503);
    until(503, &app, async || {
        let said = anonymous.get("/readyz").await;
        // At first the answer may still be that nobody answers.
        if said.json()["database"] == "read_only" { said.status } else { 0 }
    })
    .await;
    tokio::task::block_in_place(|| standby.ctl(&["promote"]));
    until(200, &app, async || sign_in(&anonymous).await).await;
    until(200, &app, ready).await;
    let tasks = ada.get("/api/tasks").await.expect(200).json();
    assert_eq!(tasks[0]["title"], "streamed");
    ada.post("/api/tasks", json!({"title": "after"})).await.expect(201);
}
