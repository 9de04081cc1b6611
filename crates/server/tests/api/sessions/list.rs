//! `GET /auth/sessions`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

pub(super) async fn listed(client: &Client) -> Vec<Value> {
    let reply = client.get("/auth/sessions").await.expect(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.json().as_array().expect("an array").clone()
}

both! {
    async fn the_list_shows_own_live_sessions_newest_first_and_no_token(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.sign_up("bob").await;
        app.advance(Duration::from_mins(1));
        let body = json!({"email": "ada@example.com", "password": PASSWORD}).to_string();
        let headers = [("content-type", "application/json"), ("user-agent", "Phone/1")];
        let caller = app.anonymous().from("203.0.113.7");
        let reply = caller.raw("POST", "/auth/login", &headers, body).await.expect(200).json();
        let phone = app.anonymous().with_token(reply["access_token"].as_str().expect("a token"));
        let found = listed(&ada).await;
        assert_eq!(found.len(), 2);
        assert_eq!((&found[0]["current"], &found[1]["current"]), (&json!(false), &json!(true)));
        assert_eq!((&found[0]["ip"], &found[0]["user_agent"]), (&json!("203.0.113.7"), &json!("Phone/1")));
        assert_eq!(found[0]["created_at"], "2026-11-20T12:01:00Z");
        assert_eq!(found[0]["expires_at"], "2026-12-20T12:01:00Z");
        let mut names: Vec<_> = found[0].as_object().expect("an object").keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["created_at", "current", "expires_at", "id", "ip", "last_seen_at", "user_agent"]);
        assert!(!reply.to_string().is_empty() && !format!("{found:?}").contains("dwr_"));
        let found = listed(&phone).await;
        assert_eq!((&found[0]["current"], &found[1]["current"]), (&json!(true), &json!(false)));
        app.advance(Duration::from_hours(30 * 24));
        let again = ada.login("ada@example.com", PASSWORD).await;
        assert_eq!(listed(&again).await.len(), 1, "the expired are not shown");
    }

    async fn a_session_was_last_seen_when_it_was_last_refreshed(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        assert_eq!(listed(&ada).await[0]["last_seen_at"], "2026-11-20T12:00:00Z");
        app.advance(Duration::from_hours(5));
        crate::sessions::rotate(&ada, ada.refresh_token.as_ref().expect("a token")).await;
        let found = listed(&ada).await;
        assert_eq!(found[0]["last_seen_at"], "2026-11-20T17:00:00Z");
        assert_eq!(found[0]["created_at"], "2026-11-20T12:00:00Z");
        assert_eq!(found[0]["expires_at"], "2026-12-20T17:00:00Z");
    }
}
