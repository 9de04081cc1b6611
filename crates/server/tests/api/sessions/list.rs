//! `GET /auth/sessions`, `DELETE /auth/sessions/{id}` and `DELETE /auth/sessions`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

async fn listed(client: &Client) -> Vec<Value> {
    let reply = client.get("/auth/sessions").await.expect(200);
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.json().as_array().expect("an array").clone()
}

fn path(session: &Value) -> String {
    format!("/auth/sessions/{}", session["id"].as_str().expect("an id"))
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

    async fn one_session_is_ended_at_once_and_only_by_its_owner(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = ada.login("ada@example.com", PASSWORD).await;
        let bob = app.sign_up("bob").await;
        let of_phone = listed(&phone).await.into_iter().find(|it| it["current"] == true).expect("it");
        let foreign = bob.delete(&path(&of_phone)).await.expect_problem(404, "not_found");
        let missing = bob.delete("/auth/sessions/00000000-0000-7000-8000-000000000000").await;
        let missing = missing.expect_problem(404, "not_found");
        let body = |reply: &crate::support::Reply| {
            let mut body = reply.json();
            body["request_id"] = Value::Null;
            body
        };
        assert_eq!(body(&foreign), body(&missing));
        phone.get("/auth/me").await.expect(200);
        ada.delete(&path(&of_phone)).await.expect(204);
        phone.get("/auth/me").await.expect_problem(401, "invalid_token");
        let token = json!({"refresh_token": phone.refresh_token});
        phone.post("/auth/refresh", token).await.expect_problem(401, "invalid_refresh_token");
        ada.delete(&path(&of_phone)).await.expect_problem(404, "not_found");
        ada.get("/auth/me").await.expect(200);
        ada.delete("/auth/sessions/x").await.expect_problem(422, "validation");
    }

    async fn all_others_are_ended_and_the_one_that_asks_goes_on(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = ada.login("ada@example.com", PASSWORD).await;
        let bob = app.sign_up("bob").await;
        phone.delete("/auth/sessions").await.expect(204);
        ada.get("/auth/me").await.expect_problem(401, "invalid_token");
        phone.get("/auth/me").await.expect(200);
        bob.get("/auth/me").await.expect(200);
        assert_eq!(listed(&phone).await.len(), 1);
    }
}
