//! `GET /api/tasks/stats`.

use std::time::Duration;

use serde_json::json;

use super::{make, path};
use crate::both;
use crate::support::TestApp;

both! {
    async fn ones_own_tasks_are_counted_by_what_is_left_to_do(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let none = json!({"total": 0, "completed": 0, "pending": 0, "overdue": 0});
        assert_eq!(ada.get("/api/tasks/stats").await.expect(200).json(), none);
        make(&ada, json!({"title": "open"})).await;
        make(&ada, json!({"title": "done", "completed": true, "due_at": "2026-01-05"})).await;
        let late = make(&ada, json!({"title": "late", "due_at": "2026-11-20T11:59"})).await;
        make(&ada, json!({"title": "now", "due_at": "2026-11-20T12:00:01"})).await;
        let stats = async || ada.get("/api/tasks/stats").await.expect(200).json();
        assert_eq!(stats().await, json!({"total": 4, "completed": 1, "pending": 3, "overdue": 1}));
        app.advance(Duration::from_secs(2));
        assert_eq!(stats().await, json!({"total": 4, "completed": 1, "pending": 3, "overdue": 2}));
        ada.delete(&path(&late)).await.expect(204);
        assert_eq!(stats().await, json!({"total": 3, "completed": 1, "pending": 2, "overdue": 1}));
        assert_eq!(bob.get("/api/tasks/stats/").await.expect(200).json(), none);
    }

    async fn nothing_is_counted_without_a_token_or_once_the_session_has_ended(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.anonymous().get("/api/tasks/stats").await.expect_problem(401, "not_authenticated");
        ada.post_empty("/auth/logout").await.expect(204);
        ada.get("/api/tasks/stats").await.expect_problem(401, "invalid_token");
    }
}
