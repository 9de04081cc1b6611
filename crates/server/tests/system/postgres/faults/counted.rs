//! The metrics of a database that breaks: what fails is counted by its reason, and so are connections.

use std::time::{Duration, Instant};

use doorward::clock::Clock;
use doorward::step;
use serde_json::json;
use tokio::task::JoinSet;

use crate::postgres::data::{NOW, ONE};
use crate::postgres::proxy::Proxy;
use crate::support::client::PASSWORD;
use crate::support::postgres::{self, free_port};
use crate::support::samples::{Samples, count};
use crate::support::{Client, TestApp};

async fn far_app() -> (TestApp, Proxy, String) {
    let direct = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&direct), Clock::frozen(NOW), 1, count).await;
    (app, proxy, direct)
}

async fn used(app: &TestApp) -> Client {
    let ada = app.sign_up("ada").await;
    ada.post("/api/tasks", json!({"title": "a task"})).await.expect(201);
    ada.get("/api/tasks").await.expect(200);
    ada
}

/// All samples of a metric that have this label.
async fn of(app: &TestApp, metric: &str, label: &str) -> f64 {
    let samples = Samples::of(app).await;
    let named = |name: &&str| name.starts_with(metric) && name.contains(label);
    samples.names().filter(named).map(|name| samples.get(name)).sum()
}

const FAILURES: &str = "doorward_database_failures_total";
const CONNECTS: &str = "doorward_database_connects_total";

/// Waits until this number of these is counted.
async fn reaches(app: &TestApp, metric: &str, label: &str, least: f64) {
    let until = Instant::now() + Duration::from_secs(30);
    while of(app, metric, label).await < least {
        assert!(Instant::now() < until, "{metric} {label}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_counted_when_they_open_fail_and_are_lost() {
    let (app, proxy, _) = far_app().await;
    let ada = used(&app).await;
    let opened = of(&app, CONNECTS, "outcome=\"opened\"").await;
    assert!(opened >= 1.0 && of(&app, CONNECTS, "outcome=\"lost\"").await < 1.0, "{opened}");
    proxy.cut();
    ada.get("/api/tasks").await.expect(200);
    reaches(&app, CONNECTS, "outcome=\"lost\"", 1.0).await;
    reaches(&app, CONNECTS, "outcome=\"opened\"", opened + 1.0).await;

    assert!(of(&app, CONNECTS, "outcome=\"failed\"").await < 1.0);
    proxy.lead_to(free_port());
    proxy.cut();
    ada.get("/api/tasks").await.expect(503);
    reaches(&app, CONNECTS, "outcome=\"failed\"", 1.0).await;
    assert!(of(&app, FAILURES, "reason=\"unavailable\"").await >= 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_hang_are_shown_and_what_nobody_confirmed_is_counted() {
    let (app, proxy, _) = far_app().await;
    let ada = used(&app).await;
    proxy.lose_answers();
    let renaming = tokio::spawn({
        let ada = ada.clone();
        async move { ada.patch("/auth/me", json!({"name": "Ada L."})).await }
    });
    reaches(&app, "doorward_database_calls_active", "lane=", 1.0).await;
    renaming.await.expect("no panic").expect(503);
    reaches(&app, FAILURES, "reason=\"unconfirmed\"", 1.0).await;
    // Without a connection a call waits for one.
    proxy.go_silent();
    proxy.cut();
    let listing = tokio::spawn(async move { ada.get("/api/tasks").await });
    reaches(&app, "doorward_database_calls_waiting", "lane=\"owned_reads\"", 1.0).await;
    listing.await.expect("no panic").expect(503);
    let idle = of(&app, "doorward_database_calls_active", "lane=").await;
    assert!(idle.abs() < 1e-9, "{idle}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_a_missing_table_and_a_bug_are_counted_apart() {
    let (app, proxy, direct) = far_app().await;
    used(&app).await;
    let admin = postgres::shared().connect(direct.rsplit('/').next().expect("a path")).await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    admin.batch_execute("ALTER TABLE sessions RENAME TO gone").await.expect("renamed");
    app.anonymous().post("/auth/login", body.clone()).await.expect(503);
    reaches(&app, FAILURES, "reason=\"unready\"", 1.0).await;
    admin.batch_execute("ALTER TABLE gone RENAME TO sessions").await.expect("renamed");
    app.anonymous().post("/auth/login", body).await.expect(200);

    assert!(of(&app, FAILURES, "reason=\"internal\"").await < 1.0);
    let odd = "ALTER TABLE users ADD CONSTRAINT odd CHECK (FALSE) NOT VALID";
    admin.batch_execute(odd).await.expect("added");
    let eve = json!({"email": "eve@example.com", "password": PASSWORD});
    app.anonymous().post("/auth/register", eve).await.expect(500);
    reaches(&app, FAILURES, "reason=\"internal\"", 1.0).await;

    proxy.go_silent();
    let mut calls = JoinSet::new();
    for _ in 0..3000 {
        let db = app.app.db.clone();
        calls.spawn(async move { db.query::<i64>(step!(ONE)).await });
    }
    reaches(&app, FAILURES, "reason=\"overloaded\"", 1900.0).await;
    calls.abort_all();
}
