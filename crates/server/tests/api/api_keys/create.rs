//! `POST /auth/keys`.

use std::time::Duration;

use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn a_key_opens_tasks_as_its_scopes_say_and_its_text_is_shown_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let body = json!({"name": " nightly backup ", "scopes": ["tasks:write", "tasks:read"]});
        let reply = ada.post("/auth/keys", body).await.expect(201);
        let made = reply.json();
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("location"), format!("/auth/keys/{}", made["id"].as_str().unwrap()));
        let text = made["key"].as_str().expect("a key").to_owned();
        assert!(text.starts_with("dwk_") && text.len() == 54, "{made}");
        assert_eq!(made["name"], "nightly backup");
        assert_eq!(made["scopes"], json!(["tasks:read", "tasks:write"]));
        for null in ["networks", "expires_at", "last_used_at", "last_used_ip"] {
            assert!(made[null].is_null(), "{made}");
        }
        let program = app.anonymous().with_token(&text);
        let task = program.post("/api/tasks", json!({"title": "by key"})).await.expect(201).json();
        assert_eq!(task["user_id"], ada.user["id"]);
        let at = format!("/api/tasks/{}", task["id"].as_str().unwrap());
        program.patch(&at, json!({"completed": true})).await.expect(200);
        assert_eq!(program.get("/api/tasks").await.expect(200).json().as_array().unwrap().len(), 1);
        assert_eq!(ada.get(&at).await.expect(200).json()["completed"], true);
        program.delete(&at).await.expect(204);
        let listed = ada.get("/auth/keys").await.expect(200);
        assert!(!listed.text().contains(&text), "{}", listed.text());
        let events = app.audited(&app.admin("root").await, "api_key.create").await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["subject_id"], ada.user["id"]);
        assert!(!events[0].to_string().contains(&text));
    }

    async fn without_the_scope_a_key_is_refused_and_told_which(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reader = ada.program(&["tasks:read"]).await;
        reader.get("/api/tasks").await.expect(200);
        let refused = reader.post("/api/tasks", json!({"title": "no"})).await;
        let challenge = refused.header("www-authenticate").to_owned();
        assert_eq!(challenge, r#"Bearer error="insufficient_scope", scope="tasks:write""#);
        let refused = refused.expect_problem(403, "insufficient_scope");
        assert_eq!(refused.json()["detail"], "This API key lacks the scope tasks:write.");
        let writer = ada.program(&["tasks:write"]).await;
        writer.get("/api/tasks").await.expect_problem(403, "insufficient_scope");
        writer.post("/api/tasks", json!({"title": "yes"})).await.expect(201);
        assert_eq!(ada.get("/api/tasks").await.json().as_array().unwrap().len(), 1);
    }

    async fn what_is_wrong_with_a_new_key_is_said_all_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let body = json!({"name": " ", "scopes": ["*"], "expires_at": "soon", "networks": ["10.0.0.0/99"]});
        let refused = ada.post("/auth/keys", body).await.expect_problem(422, "validation").json();
        assert_eq!(refused["errors"].as_array().unwrap().len(), 4, "{refused}");
        let past = json!({"name": "x", "scopes": ["tasks:read"], "expires_at": "2026-11-20T12:00:00Z"});
        ada.post("/auth/keys", past).await.expect_problem(422, "validation");
        ada.post("/auth/keys", json!({"name": "x"})).await.expect_problem(422, "validation");
        app.anonymous().post("/auth/keys", json!({})).await.expect_problem(401, "not_authenticated");
    }

    async fn a_stolen_session_that_has_grown_old_makes_no_key(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(9));
        let access = ada.post("/auth/refresh", json!({"refresh_token": ada.refresh_token})).await.json();
        let thief = ada.with_token(access["access_token"].as_str().unwrap());
        thief.program(&["tasks:read"]).await;
        app.advance(Duration::from_mins(2));
        let body = json!({"name": "mine", "scopes": ["tasks:read"]});
        thief.post("/auth/keys", body).await.expect_problem(401, "insufficient_user_authentication");
        ada.login("ada@example.com", PASSWORD).await.program(&["tasks:read"]).await;
    }

    async fn nobody_has_more_than_fifty_keys_not_even_by_asking_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for _ in 0..48 {
            ada.program(&["tasks:read"]).await;
        }
        let ask = || ada.post("/auth/keys", json!({"name": "x", "scopes": ["tasks:read"]}));
        let replies = futures_util::future::join_all((0..6).map(|_| ask())).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(made, 2);
        ask().await.expect_problem(409, "too_many_keys");
        let listed = ada.get("/auth/keys").await.json();
        assert_eq!(listed.as_array().unwrap().len(), 50);
        let at = format!("/auth/keys/{}", listed[0]["id"].as_str().unwrap());
        ada.delete(&at).await.expect(204);
        ask().await.expect(201);
    }
}
