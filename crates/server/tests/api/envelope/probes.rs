//! `/livez`, `/readyz`, `/health`. The database that hangs is tested in `tests/postgres`.

use std::time::Duration;

use serde_json::json;

use crate::both;
use crate::support::{Engine, TestApp};

both! {
    async fn a_server_with_its_schema_is_alive_ready_and_healthy(engine: Engine) {
        let client = TestApp::start(engine).await.anonymous();
        assert_eq!(client.get("/livez").await.expect(200).json(), json!({"status": "alive"}));
        let ready = json!({"status": "ready", "database": "ok", "migrations": "current"});
        assert_eq!(client.get("/readyz").await.expect(200).json(), ready);
        let health =
            json!({"status": "healthy", "database": "ok", "version": env!("CARGO_PKG_VERSION")});
        assert_eq!(client.get("/health").await.expect(200).json(), health);
    }
}

#[tokio::test]
async fn a_database_without_its_schema_is_reachable_and_not_ready() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let url = format!("sqlite:{}", dir.path().join("empty.db").display());
    let clock = doorward::clock::Clock::frozen(time::macros::datetime!(2026-11-20 12:00 UTC));
    let client = TestApp::over(&url, clock.clone(), 1, |_| {}).await.anonymous();
    let reply = client.get("/readyz").await.expect(503);
    let waiting = json!({"status": "not_ready", "database": "ok", "migrations": "pending"});
    assert_eq!(reply.json(), waiting);
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(reply.header("retry-after").parse::<u64>().is_ok());
    client.get("/health").await.expect(200);

    crate::support::app::migrate(&url).await;
    assert_eq!(client.get("/readyz").await.status, 503, "the answer is kept a few seconds");
    clock.advance(Duration::from_secs(5));
    client.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn a_clock_set_back_does_not_freeze_the_answer() {
    let app = TestApp::start(Engine::Sqlite).await;
    let client = app.anonymous();
    client.get("/health").await.expect(200);
    app.clock.rewind(Duration::from_hours(1));
    client.get("/health").await.expect(200);
}
