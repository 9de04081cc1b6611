//! `PUT /api/tasks/{id}`, which keeps what is absent as `PATCH` does: these hold for both.

use std::time::Duration;

use serde_json::{Value, json};

use super::{conditional, make, make_titled, path};
use crate::both;
use crate::support::TestApp;

both! {
    async fn absent_keeps_and_null_clears_by_put_and_by_patch(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for method in ["PUT", "PATCH"] {
            let task = make(&ada, json!({
                "title": "t", "description": "d", "priority": "low", "due_at": "2027-01-01T00:00:00Z",
            })).await;
            let path = path(&task);
            app.advance(Duration::from_secs(1));
            let kind = [("content-type", "application/merge-patch+json")];
            let reply = ada.raw(method, &path, &kind, r#"{"title":" new "}"#).await.expect(200);
            assert_eq!(reply.header("etag"), "\"2\"");
            let changed = reply.json();
            assert_eq!(changed["title"], "new");
            for kept in ["id", "user_id", "description", "priority", "due_at", "created_at", "completed"] {
                assert_eq!(changed[kept], task[kept]);
            }
            assert_ne!(changed["updated_at"], task["updated_at"]);
            let body = r#"{"description":null,"due_at":null}"#;
            let cleared = ada.raw(method, &path, &kind, body).await.expect(200).json();
            assert_eq!(cleared["description"], Value::Null);
            assert_eq!(cleared["due_at"], Value::Null);
            assert_eq!(cleared["title"], "new");
            assert_eq!(ada.get(&path).await.json(), cleared);
        }
    }

    async fn if_match_lets_only_the_named_versions_change(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = make_titled(&ada, "t").await;
        for method in ["PUT", "PATCH"] {
            for stale in ["\"9\"", "W/\"1\"", "\"01\"", "\"1,3\"", "\"abc\"", "\"%\"", "\"_\""] {
                conditional(&ada, method, &path, stale, json!({"title": "lost"}))
                    .await
                    .expect_problem(412, "precondition_failed");
            }
            conditional(&ada, method, &path, "1", json!({"title": "lost"}))
                .await
                .expect_problem(422, "validation");
        }
        assert_eq!(ada.get(&path).await.json()["title"], "t");
        for (tags, version) in [("\"1\"", 2), ("*", 3), ("\"8\", \"3\"", 4)] {
            let body = json!({"title": format!("v{version}")});
            let reply = conditional(&ada, "PUT", &path, tags, body).await.expect(200);
            assert_eq!(reply.header("etag"), format!("\"{version}\""));
        }
    }

    async fn a_bad_body_replaces_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let path = make_titled(&ada, "t").await;
        for body in [json!({"title": ""}), json!({"title": null}), json!({"completed": "yes"})] {
            ada.put(&path, body).await.expect_problem(422, "validation");
        }
        bob.put(&path, json!({"title": "x"})).await.expect_problem(404, "not_found");
        app.anonymous().put(&path, json!({"title": "x"})).await.expect_problem(401, "not_authenticated");
        assert_eq!(ada.get(&path).await.header("etag"), "\"1\"");
    }
}
