//! `/livez`, `/readyz`, `/health`. The database that hangs is tested in `tests/system/postgres`.

use std::time::Duration;

use doorward::clock::Clock;
use serde_json::json;

use crate::both;
use crate::support::{Reply, TestApp};

/// What the probe says of a database that answers. A busy machine may keep it from answering in
/// time, which is said for a second.
async fn ask(app: &TestApp, path: &str) -> Reply {
    for _ in 0..30 {
        let reply = app.anonymous().get(path).await;
        if reply.json()["database"] == "ok" {
            return reply;
        }
        app.advance(Duration::from_secs(1));
    }
    panic!("the database never answered");
}

both! {
    async fn a_server_with_its_schema_is_alive_ready_and_healthy(engine: Engine) {
        let app = TestApp::start(engine).await;
        let alive = app.anonymous().get("/livez").await.expect(200).json();
        assert_eq!(alive, json!({"status": "alive"}));
        let ready = json!({"status": "ready", "database": "ok", "migrations": "current"});
        assert_eq!(ask(&app, "/readyz").await.expect(200).json(), ready);
        let health =
            json!({"status": "healthy", "database": "ok", "version": env!("CARGO_PKG_VERSION")});
        assert_eq!(ask(&app, "/health").await.expect(200).json(), health);
    }
}

/// An application over a file without tables.
async fn empty() -> (TestApp, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temp dir");
    let url = format!("sqlite:{}", dir.path().join("empty.db").display());
    let clock = Clock::frozen(time::macros::datetime!(2026-11-20 12:00 UTC));
    (TestApp::over(&url, clock, 1, |_| {}).await, dir)
}

#[tokio::test]
async fn a_database_without_its_schema_is_reachable_and_not_ready() {
    let (app, _dir) = empty().await;
    let reply = ask(&app, "/readyz").await.expect(503);
    let waiting = json!({"status": "not_ready", "database": "ok", "migrations": "pending"});
    assert_eq!(reply.json(), waiting);
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(reply.header("retry-after").parse::<u64>().is_ok());
    ask(&app, "/health").await.expect(200);

    crate::support::app::migrate(&app.url).await;
    let kept = app.anonymous().get("/readyz").await;
    assert_eq!(kept.status, 503, "the answer is kept a few seconds");
    app.advance(Duration::from_secs(5));
    ask(&app, "/readyz").await.expect(200);
}

#[tokio::test]
async fn a_clock_set_back_does_not_freeze_the_answer() {
    let (app, _dir) = empty().await;
    ask(&app, "/readyz").await.expect(503);
    crate::support::app::migrate(&app.url).await;
    app.clock.rewind(Duration::from_hours(1));
    ask(&app, "/readyz").await.expect(200);
}
