//! `PATCH /api/tasks/{id}`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{conditional, make, make_titled, path};
use crate::both;
use crate::support::TestApp;

both! {
    async fn what_cannot_be_null_is_refused_with_null(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = make_titled(&ada, "t").await;
        for field in ["title", "completed", "priority"] {
            let mut body = serde_json::Map::new();
            body.insert(field.into(), Value::Null);
            let reply = ada.patch(&path, body.into()).await.expect_problem(422, "validation");
            assert_eq!(reply.json()["errors"][0]["pointer"], format!("#/{field}"));
        }
        assert_eq!(ada.get(&path).await.header("etag"), "\"1\"");
    }

    async fn completing_by_patch_keeps_the_first_time(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = make_titled(&ada, "t").await;
        let done = ada.patch(&path, json!({"completed": true})).await.expect(200).json();
        assert_eq!(done["completed_at"], "2026-11-20T12:00:00Z");
        app.advance(Duration::from_mins(1));
        let again = ada.put(&path, json!({"completed": true, "title": "u"})).await.expect(200).json();
        assert_eq!(again["completed_at"], "2026-11-20T12:00:00Z");
        let titled = ada.put(&path, json!({"title": "v"})).await.expect(200).json();
        assert_eq!(titled["completed_at"], "2026-11-20T12:00:00Z");
        let undone = ada.patch(&path, json!({"completed": false})).await.expect(200).json();
        assert_eq!(undone["completed_at"], Value::Null);
    }

    async fn an_empty_patch_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make(&ada, json!({"title": "t"})).await;
        app.advance(Duration::from_secs(1));
        let body = json!({"user_id": "x", "id": 7, "created_at": null, "unknown": [1]});
        for body in [json!({}), body] {
            let reply = ada.patch(&path(&task), body).await.expect(200);
            assert_eq!(reply.header("etag"), "\"1\"");
            assert_eq!(reply.json(), task);
        }
        conditional(&ada, "PATCH", &path(&task), "\"9\"", json!({})).await.expect(412);
        conditional(&ada, "PATCH", &path(&task), "\"1\"", json!({})).await.expect(200);
    }

    async fn owner_id_and_times_cannot_be_changed_along_with_the_title(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let task = make(&ada, json!({"title": "t"})).await;
        for (method, title) in [("PUT", "a"), ("PATCH", "b")] {
            app.advance(Duration::from_secs(1));
            let body = json!({
                "title": title, "id": "00000000-0000-7000-8000-000000000000", "user_id": bob.user["id"],
                "owner_id": bob.user["id"], "created_at": "2000-01-01T00:00:00Z", "version": 9,
                "updated_at": "2000-01-01T00:00:00Z", "completed_at": "2000-01-01T00:00:00Z",
            });
            let kind = [("content-type", "application/json")];
            let changed = ada.raw(method, &path(&task), &kind, body.to_string()).await.expect(200).json();
            assert_eq!(changed["title"], title);
            for kept in ["id", "user_id", "created_at", "completed_at"] {
                assert_eq!(changed[kept], task[kept], "{method} {kept}");
            }
            assert!(changed["updated_at"].as_str() > task["updated_at"].as_str());
        }
        assert_eq!(bob.get("/api/tasks").await.expect(200).json(), json!([]));
    }

    async fn search_follows_the_changed_text(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = path(&make(&ada, json!({"title": "Apples", "description": "Pears"})).await);
        let found = async |q: &str| {
            let reply = ada.get(&format!("/api/tasks?q={q}")).await.expect(200);
            reply.json().as_array().expect("an array").len()
        };
        ada.patch(&path, json!({"title": "Plums"})).await.expect(200);
        assert_eq!((found("apples").await, found("PLUMS").await, found("pears").await), (0, 1, 1));
        ada.patch(&path, json!({"description": null})).await.expect(200);
        assert_eq!((found("plums").await, found("pears").await), (1, 0));
    }

    async fn a_missing_task_is_404_before_412(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let missing = "/api/tasks/00000000-0000-7000-8000-000000000000";
        let complete = format!("{missing}/complete");
        for tags in ["\"1\"", "*", "W/\"1\""] {
            for (method, path, body) in [
                ("PUT", missing, json!({"title": "x"})),
                ("PATCH", missing, json!({"title": "x"})),
                ("PATCH", missing, json!({})),
                ("PATCH", complete.as_str(), json!({"completed": true})),
                ("DELETE", missing, Value::Null),
            ] {
                conditional(&ada, method, path, tags, body).await.expect_problem(404, "not_found");
            }
        }
    }

    async fn of_concurrent_writers_with_one_version_exactly_one_wins(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = make_titled(&ada, "t").await;
        let writers = (0..16).map(|n| {
            let (ada, path) = (ada.clone(), path.clone());
            tokio::spawn(async move {
                conditional(&ada, "PATCH", &path, "\"1\"", json!({"title": format!("w{n}")})).await
            })
        });
        let mut won = Vec::new();
        for writer in writers.collect::<Vec<_>>() {
            let reply = writer.await.expect("no panic");
            match reply.status {
                200 => won.push(reply.json()),
                _ => drop(reply.expect_problem(412, "precondition_failed")),
            }
        }
        assert_eq!(won.len(), 1);
        assert_eq!(ada.get(&path).await.json(), won[0]);
        assert_eq!(ada.get(&path).await.header("etag"), "\"2\"");
    }
}
