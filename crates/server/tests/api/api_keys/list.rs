//! `GET /auth/keys`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, TestApp};

async fn last_used(by: &Client) -> Value {
    let found = by.get("/auth/keys").await.expect(200).json();
    json!([found[0]["last_used_at"], found[0]["last_used_ip"]])
}

both! {
    async fn the_list_shows_own_keys_newest_first_and_nobody_elses(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        assert_eq!(ada.get("/auth/keys").await.expect(200).json(), json!([]));
        bob.program(&["tasks:read"]).await;
        let first = ada.makes_key(json!({"scopes": ["tasks:read"], "expires_at": "2026-12-01T00:00:00Z"})).await;
        app.advance(Duration::from_secs(1));
        let networks = json!(["203.0.113.9/24", "2001:db8::/32"]);
        ada.makes_key(json!({"scopes": ["tasks:write"], "networks": networks})).await;
        let found = ada.get("/auth/keys").await.expect(200).json();
        assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
        assert_eq!(found[0]["networks"], json!(["2001:db8::/32", "203.0.113.0/24"]));
        let mut first = first;
        first.as_object_mut().unwrap().remove("key");
        assert_eq!(found[1], first);
    }

    async fn the_last_use_is_known_to_the_minute_and_written_once_in_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let program = ada.program(&["tasks:read", "tasks:write"]).await.from("203.0.113.7");
        assert_eq!(last_used(&ada).await, json!([null, null]));
        app.advance(Duration::from_secs(1));
        program.get("/api/tasks").await.expect(200);
        assert_eq!(last_used(&ada).await, json!(["2026-11-20T12:00:01Z", "203.0.113.7"]));
        app.advance(Duration::from_secs(59));
        let elsewhere = program.from("2001:db8::7");
        let uses = (0..20).map(|_| elsewhere.post("/api/tasks", json!({"title": "x"})));
        futures_util::future::join_all(uses).await;
        assert_eq!(last_used(&ada).await, json!(["2026-11-20T12:00:01Z", "203.0.113.7"]));
        app.advance(Duration::from_secs(1));
        elsewhere.post("/api/tasks", json!({"title": "x"})).await.expect(201);
        assert_eq!(last_used(&ada).await, json!(["2026-11-20T12:01:01Z", "2001:db8::7"]));
    }

    async fn what_is_held_about_a_user_names_the_keys_and_no_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let made = ada.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let export = ada.get("/auth/me/export").await.expect(200);
        let text = export.text();
        assert_eq!(export.json()["api_keys"][0]["id"], made["id"], "{text}");
        assert!(!text.contains(made["key"].as_str().unwrap()));
    }
}
