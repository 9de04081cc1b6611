//! Refusals that repeat are counted, not piled up.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;

async fn rows(app: &TestApp) -> i64 {
    app.app.audit.flush().await;
    sql(app, "SELECT count(*) FROM audit_log").await[0]
}

/// In the order of the alphabet: what is recorded at one instant has no other.
fn details(records: &[Value]) -> Vec<&str> {
    let mut all: Vec<_> =
        records.iter().map(|it| it["detail"].as_str().expect("a detail")).collect();
    all.sort_unstable();
    all
}

both! {
    async fn a_plain_user_who_asks_for_what_only_administrators_see_does_not_fill_the_table(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.sign_up("eve").await;
        let before = rows(&app).await;
        for _ in 0..500 {
            eve.get("/admin/users").await.expect(403);
        }
        assert!(rows(&app).await - before <= 2, "{} rows", rows(&app).await - before);
        let records = app.audited(&ada, "access.denied").await;
        assert_eq!(details(&records), ["users:read", "users:read, 499 times more"]);
        for record in &records {
            assert_eq!((&record["actor_id"], &record["outcome"]), (&eve.user["id"], &json!("denied")));
        }
        let requests = records.iter().filter(|it| it["request_id"].is_string()).count();
        assert_eq!(requests, 1, "the count is of many");
    }

    async fn another_caller_and_another_permission_are_another_record(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let (eve, bob) = (app.sign_up("eve").await, app.sign_up("bob").await);
        for _ in 0..3 {
            for path in ["/admin/users", "/admin/audit", "/admin/roles"] {
                eve.get(path).await.expect(403);
            }
            bob.get("/admin/users").await.expect(403);
        }
        let records = app.audited(&ada, "access.denied").await;
        let mut found: Vec<_> = records
            .iter()
            .map(|it| (it["actor_id"] == bob.user["id"], it["detail"].as_str().expect("a detail")))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [
            (false, "audit:read"), (false, "audit:read, 2 times more"),
            (false, "roles:write"), (false, "roles:write, 2 times more"),
            (false, "users:read"), (false, "users:read, 2 times more"),
            (true, "users:read"), (true, "users:read, 2 times more"),
        ]);
    }

    async fn a_minute_later_the_next_refusal_is_a_record_again_after_the_count(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.sign_up("eve").await;
        for _ in 0..2 {
            eve.get("/admin/users").await.expect(403);
            eve.get("/admin/users").await.expect(403);
            app.advance(Duration::from_mins(1));
        }
        let records = app.audited(&ada, "access.denied").await;
        let more = "users:read, 1 times more";
        assert_eq!(details(&records), ["users:read", "users:read", more, more]);
    }
}
