//! A database that sleeps when nobody asks, as Neon's does after five minutes: the server lets it, asks nothing for
//! hours, has no socket left that would be cut, and wakes it for the next request.

use std::time::{Duration, Instant};

use doorward::audit::Actor;
use doorward::clock::Clock;
use doorward::config::MailFrom;
use doorward_verify::{Algorithm, KeySet, Verifier};
use serde_json::json;

use crate::postgres::data::NOW;
use crate::postgres::proxy::Proxy;
use crate::support::samples::{Samples, count};
use crate::support::{Client, TestApp, postgres};

/// A request waits 5 s for the database; a busy machine adds to it.
const IN_TIME: Duration = Duration::from_millis(6900);

async fn far_app() -> (TestApp, Proxy, String) {
    let direct = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&direct), Clock::frozen(NOW), 1, |_| {}).await;
    (app, proxy, direct)
}

/// Moves the runtime's clock, which connections are timed by.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
    tokio::time::sleep(Duration::from_millis(30)).await;
}

async fn terminate_all(direct: &str) {
    let database = direct.rsplit_once('/').expect("a path").1;
    let admin = postgres::shared().connect("postgres").await;
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    );
    admin.batch_execute(&sql).await.expect("terminated");
}

async fn used(app: &TestApp) -> Client {
    let ada = app.sign_up("ada").await;
    ada.post("/api/tasks", json!({"title": "a task"})).await.expect(201);
    ada.get("/api/tasks").await.expect(200);
    ada.get("/.well-known/jwks.json").await.expect(200);
    ada
}

#[tokio::test]
async fn an_idle_server_asks_nothing_for_hours_closes_its_sockets_in_time_and_wakes_at_the_next_request()
 {
    let direct = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let folder = tempfile::tempdir().expect("a temp dir");
    let app = TestApp::over(&proxy.before(&direct), Clock::frozen(NOW), 1, |settings| {
        settings.mail_folder = Some(folder.path().to_owned());
        settings.mail_from = Some(MailFrom::parse("auth@example.com").expect("an address"));
        settings.public_url = Some("https://auth.example.org".into());
        count(settings);
    })
    .await;
    let delivery = tokio::spawn(app.delivery().run());
    let ada = used(&app).await;
    // What a request leaves behind it, as audit records and mails, is done.
    let mut trips = 0;
    while proxy.round_trips() != trips {
        trips = proxy.round_trips();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let open = proxy.connections();
    assert!(trips > 0 && open > 0 && app.app.db.wakes() == 1, "{trips}, {open}");
    assert_eq!(app.app.db.open_connections(), open as u64);

    for _ in 0..10 {
        app.advance(Duration::from_secs(30));
        pass(Duration::from_secs(30)).await;
    }
    assert_eq!((proxy.connections(), app.app.db.open_connections()), (0, 0), "within five minutes");
    assert_eq!(proxy.round_trips() - trips, open, "a goodbye each, and no statement");
    for _ in 0..48 {
        app.advance(Duration::from_mins(10));
        pass(Duration::from_mins(10)).await;
    }
    assert_eq!(proxy.connections(), 0);
    assert_eq!(proxy.round_trips() - trips, open, "no statement in eight hours");

    // The access token has expired by then; the refresh token has not.
    let body = json!({"refresh_token": ada.refresh_token});
    let fresh = app.anonymous().post("/auth/refresh", body).await.expect(200).json();
    let woken = ada.with_token(fresh["access_token"].as_str().expect("a token"));
    woken.get("/api/tasks").await.expect(200);
    assert_eq!(app.app.db.wakes(), 2);
    // What is counted since the application is there: the one wake.
    let wakes = Samples::of(&app).await.get("doorward_database_wakes_total");
    assert!((wakes - 1.0).abs() < 1e-9, "{wakes}");
    delivery.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_request_after_the_backends_were_terminated_succeeds() {
    let (app, _proxy, direct) = far_app().await;
    let ada = used(&app).await;
    for _ in 0..3 {
        terminate_all(&direct).await;
        ada.get("/api/tasks").await.expect(200);
        ada.post("/api/tasks", json!({"title": "another"})).await.expect(201);
    }
}

/// Neon's proxy takes the connection at once and answers when the compute is up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_start_of_eight_seconds_is_503_with_retry_after_and_then_success() {
    let (app, proxy, _) = far_app().await;
    let ada = used(&app).await;
    proxy.cut();
    proxy.go_silent();
    let asleep = Instant::now();
    let first = ada.get("/api/tasks").await;
    assert!(asleep.elapsed() < IN_TIME, "{:?}", asleep.elapsed());
    let first = first.expect_problem(503, "unavailable");
    assert!(first.header("retry-after").parse::<u64>().is_ok());
    // Keys are at hand, and what they refuse is refused without the database.
    ada.get("/.well-known/jwks.json").await.expect(200);
    let began = Instant::now();
    app.anonymous().with_token("not.a.token").get("/api/tasks").await.expect(401);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    tokio::time::sleep(Duration::from_secs(8).saturating_sub(asleep.elapsed())).await;
    proxy.resume();
    let awake = async { while ada.get("/api/tasks").await.status != 200 {} };
    tokio::time::timeout(IN_TIME, awake).await.expect("awake");
    assert!(app.app.db.wakes() >= 2);
}

/// A key set that is asked for while the database sleeps is the one at hand, however old; and whoever has it
/// verifies tokens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_served_from_hand_and_verify_tokens_while_the_database_is_away() {
    let direct = postgres::migrated_database().await;
    let proxy = Proxy::to(postgres::shared().port).await;
    let app = TestApp::over(&proxy.before(&direct), Clock::frozen(NOW), 1, |settings| {
        settings.token_algorithm = Algorithm::EdDsa;
        settings.access_token_ttl = Duration::from_hours(24);
    })
    .await;
    app.app.signing_keys().create(&Actor::operator(), Algorithm::EdDsa).await.expect("a key");
    let ada = used(&app).await;
    proxy.cut();
    proxy.go_silent();
    app.advance(Duration::from_hours(12));
    let began = Instant::now();
    let set = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    let keys = KeySet::from_jwks(&set.bytes).expect("a set");
    let verifier = Verifier::new(keys, "doorward", None);
    let now = app.clock.now().unix_timestamp();
    let claims = verifier.verify(ada.token.as_deref().expect("a token"), now).expect("valid");
    assert_eq!(claims.sub, ada.user["id"].as_str().expect("an id"));
}
