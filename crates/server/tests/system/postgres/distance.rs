//! A database far away, or slow: connections come back, and no request waits longer than it may, however
//! many trips and turns it takes.

use std::time::{Duration, Instant};

use doorward::clock::Clock;
use doorward::step;
use serde_json::json;
use tokio::task::JoinSet;

use crate::postgres::data::{ALL_TASKS, NOW, RENAME_USER, database, open, task, user};
use crate::postgres::proxy::Proxy;
use crate::support::client::PASSWORD;
use crate::support::{TestApp, postgres};

/// A request waits 5 s for the database in all; hashing, and a busy machine, add to it.
const IN_TIME: Duration = Duration::from_millis(6900);

/// A phone on another continent, or a tunnel: 300 ms each way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_a_server_far_away_come_back_after_they_broke() {
    let (near, url) = database().await;
    let ada = user(&near).await;
    task(&near, ada, "a task").await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let far = open(&proxy.before(&url)).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    proxy.move_away(Duration::from_millis(300));
    for _ in 0..2 {
        proxy.cut();
        let cut = Instant::now();
        let reads = async { while far.read_as::<String>(ada, step!(ALL_TASKS)).await.is_err() {} };
        let writes = async {
            let rename = || step!(RENAME_USER { id: ada.user_id, name: "Ada" });
            while far.write_as::<()>(ada, rename()).await.is_err() {}
        };
        let health = async {
            while app.anonymous().get("/health").await.status != 200 {
                app.advance(Duration::from_secs(6));
            }
        };
        let back = async { tokio::join!(reads, writes, health) };
        tokio::time::timeout(Duration::from_secs(20), back).await.expect("back in time");
        eprintln!("back after {:?}", cut.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_sign_ins_of_one_account_on_a_hung_database_all_end_in_time() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    app.sign_up("ada").await;
    proxy.go_silent();
    twenty_sign_ins_end(&app).await;
    proxy.resume();
}

/// As where a firewall forgot the connection: what is sent arrives, what is answered does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_end_in_time_where_the_network_closes_one_way_only() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    let ada = app.sign_up("ada").await;
    proxy.lose_answers();
    let mut asked = JoinSet::new();
    for number in 0..20 {
        let ada = ada.clone();
        asked.spawn(async move {
            let began = Instant::now();
            let answer = match number % 4 {
                0 => ada.get("/auth/me").await,
                1 => ada.patch("/auth/me", json!({"name": "x"})).await,
                2 => ada.post("/api/tasks", json!({"title": "a task"})).await,
                _ => ada.get("/api/tasks").await,
            };
            (answer.status, began.elapsed())
        });
    }
    while let Some(done) = asked.join_next().await {
        let (status, took) = done.unwrap();
        assert_eq!(status, 503);
        assert!(took < IN_TIME, "{took:?}");
    }
    twenty_sign_ins_end(&app).await;
    proxy.resume();
    let back = async { while ada.get("/auth/me").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(30), back).await.expect("back in time");
}

async fn twenty_sign_ins_end(app: &TestApp) {
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let client = app.anonymous();
        asked.spawn(async move {
            let began = Instant::now();
            let body = json!({"email": "ada@example.com", "password": PASSWORD});
            (client.post("/auth/login", body).await.status, began.elapsed())
        });
    }
    while let Some(done) = asked.join_next().await {
        let (status, took) = done.unwrap();
        assert_eq!(status, 503);
        assert!(took < IN_TIME, "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_takes_two_slow_trips_ends_in_time() {
    let url = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&url), Clock::frozen(NOW), 1, |_| {}).await;
    app.sign_up("ada").await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    app.anonymous().post("/auth/login", body.clone()).await.expect(200);
    // Each trip by itself is within its limit.
    proxy.move_away(Duration::from_millis(1700));
    let began = Instant::now();
    app.anonymous().post("/auth/login", body).await.expect(503);
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
}
