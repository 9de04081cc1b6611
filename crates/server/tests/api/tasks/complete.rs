//! `PATCH /api/tasks/{id}/complete`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{conditional, make_titled};
use crate::both;
use crate::support::TestApp;

both! {
    async fn a_body_sets_and_no_body_toggles(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        let path = format!("{task}/complete");
        let done = ada.patch(&path, json!({"completed": true})).await.expect(200);
        assert_eq!(done.header("etag"), "\"2\"");
        assert_eq!(done.json()["completed_at"], "2026-11-20T12:00:00Z");
        app.advance(Duration::from_secs(5));
        let again = ada.patch(&path, json!({"completed": true})).await.expect(200);
        assert_eq!(again.text(), done.text(), "setting what is set changes nothing");
        assert_eq!(again.header("etag"), "\"2\"");
        let undone = ada.raw("PATCH", &path, &[], "").await.expect(200).json();
        assert_eq!((&undone["completed"], &undone["completed_at"]), (&json!(false), &Value::Null));
        // Clients that always declare JSON send an empty body like this.
        let json = [("content-type", "application/json")];
        let redone = ada.raw("PATCH", &path, &json, "").await.expect(200);
        assert_eq!(redone.json()["completed_at"], "2026-11-20T12:00:05Z");
        assert_eq!(redone.header("etag"), "\"4\"");
        assert_eq!(ada.get(&task).await.text(), redone.text());
    }

    async fn a_flag_that_is_none_is_refused(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        let path = format!("{task}/complete");
        for bad in [json!({"completed": null}), json!({"completed": "true"}), json!({"completed": 1})] {
            ada.patch(&path, bad).await.expect_problem(422, "validation");
        }
        let text = [("content-type", "text/plain")];
        ada.raw("PATCH", &path, &text, "{}").await.expect_problem(415, "unsupported_media_type");
        assert_eq!(ada.get(&task).await.header("etag"), "\"1\"");
    }

    async fn null_and_an_empty_object_toggle_as_no_body_does(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let path = format!("{}/complete", make_titled(&ada, "t").await);
        for (body, completed) in [("null", true), (" null\r\n", false), ("", true), ("{}", false), (r#"{"id": 7}"#, true)] {
            let kind = [("content-type", "application/json")];
            let task = ada.raw("PATCH", &path, &kind, body).await.expect(200).json();
            assert_eq!(task["completed"], completed, "{body:?}");
        }
        let text = [("content-type", "text/plain")];
        ada.raw("PATCH", &path, &text, "null").await.expect_problem(415, "unsupported_media_type");
        for body in ["nul", "null null", "NULL", "[]", "0"] {
            let kind = [("content-type", "application/json")];
            let status = ada.raw("PATCH", &path, &kind, body).await.status;
            assert!([400, 422].contains(&status), "{body} {status}");
        }
        // Where a body is needed, null is none.
        ada.post("/api/tasks", Value::Null).await.expect_problem(422, "validation");
    }

    async fn concurrent_toggles_lose_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        let path = format!("{task}/complete");
        let toggles = (0..15).map(|_| {
            let (ada, path) = (ada.clone(), path.clone());
            tokio::spawn(async move { ada.raw("PATCH", &path, &[], "").await })
        });
        for toggle in toggles.collect::<Vec<_>>() {
            toggle.await.expect("no panic").expect(200);
        }
        let end = ada.get(&task).await;
        assert_eq!(end.json()["completed"], true, "fifteen toggles of an open task");
        assert_eq!(end.header("etag"), "\"16\"");
    }

    async fn if_match_is_honoured(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let task = make_titled(&ada, "t").await;
        let path = format!("{task}/complete");
        conditional(&ada, "PATCH", &path, "\"2\"", Value::Null).await.expect_problem(412, "precondition_failed");
        conditional(&ada, "PATCH", &path, "\"1\"", Value::Null).await.expect(200);
        conditional(&ada, "PATCH", &path, "\"1\"", json!({"completed": true})).await.expect(412);
    }
}
