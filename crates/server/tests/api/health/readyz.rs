//! `GET /readyz`.

use std::time::Duration;

use doorward::clock::Clock;
use serde_json::json;

use super::ask;
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_server_with_its_schema_is_ready(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ready = json!({"status": "ready", "database": "ok", "migrations": "current"});
        assert_eq!(ask(&app, "/readyz").await.expect(200).json(), ready);
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
    let waiting = json!({"status": "not_ready", "database": "ok", "migrations": "pending",
        "action": "Run `doorward db migrate`."});
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
