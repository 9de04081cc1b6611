//! Who did what to whom, from where, how it came out, in which request.

use serde_json::{Value, json};

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

const HOME: &str = "203.0.113.7";

fn only(records: Vec<Value>) -> Value {
    assert_eq!(records.len(), 1, "{records:?}");
    records.into_iter().next().expect("one record")
}

both! {
    async fn every_sign_in_is_recorded_with_account_address_and_outcome(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        app.advance(std::time::Duration::from_secs(1));
        let stranger = app.anonymous().from(HOME);
        let login = async |email: &str, password: &str, id: &str| {
            let headers = [("content-type", "application/json"), ("user-agent", "Phone/1"), ("x-request-id", id)];
            let body = json!({"email": email, "password": password}).to_string();
            stranger.raw("POST", "/auth/login", &headers, body).await
        };
        login("bob@example.com", PASSWORD, "right").await.expect(200);
        login("bob@example.com", "a wrong password", "wrong").await.expect(401);
        login("nobody@example.com", "a wrong password", "unknown").await.expect(401);
        ada.patch(&bob.at(""), json!({"is_active": false})).await.expect(200);
        login("bob@example.com", PASSWORD, "disabled").await.expect(403);
        let records = app.audited(&ada, "login&since=2026-11-20T12:00:01Z").await;
        let found: Vec<_> = records
            .iter()
            .map(|it| (it["request_id"].as_str(), it["outcome"].as_str(), it["subject_id"].clone()))
            .collect();
        let id = bob.user["id"].clone();
        for expected in [
            (Some("right"), Some("success"), id.clone()),
            (Some("wrong"), Some("failure"), id.clone()),
            (Some("unknown"), Some("failure"), Value::Null),
            (Some("disabled"), Some("blocked"), id),
        ] {
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
        assert_eq!(found.len(), 4);
        for record in &records {
            assert_eq!((&record["ip"], &record["user_agent"]), (&json!(HOME), &json!("Phone/1")));
            assert_eq!(record["at"], "2026-11-20T12:00:01Z");
            let text = record.to_string();
            for secret in ["wrong password", PASSWORD, "example.com", "nobody"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
        assert!(records.iter().any(|it| it["outcome"] == "success" && it["session_id"].is_string()));
    }

    async fn throttled_sign_ins_are_recorded(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.login_max_failures = 3).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let stranger = app.anonymous().from(HOME);
        let wrong = json!({"email": "bob@example.com", "password": "a wrong password"});
        let mut refused = 0;
        for _ in 0..6 {
            refused += usize::from(stranger.post("/auth/login", wrong.clone()).await.status == 429);
        }
        assert!(refused > 1);
        let records = app.audited(&ada, "login").await;
        let blocked: Vec<_> = records.iter().filter(|it| it["outcome"] == "blocked").collect();
        assert_eq!(blocked.len(), 2, "the first, and how many more: {blocked:?}");
        let more = format!("too many wrong guesses, {} times more", refused - 1);
        assert!(blocked.iter().any(|it| it["detail"] == more), "{blocked:?}");
        assert!(blocked.iter().any(|it| it["subject_id"] == bob.user["id"]), "{blocked:?}");
        assert!(blocked.iter().all(|it| it["ip"] == HOME));
    }

    async fn what_people_do_to_their_own_account_is_recorded(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let id = &bob.user["id"];
        let record = only(app.audited(&ada, &format!("account.register&user={}", bob.id())).await);
        assert_eq!((&record["subject_id"], &record["actor"]), (id, &json!("anonymous")));
        let phone = bob.login("bob@example.com", PASSWORD).await;
        let sessions = phone.get("/auth/sessions").await.json();
        let other = sessions.as_array().expect("sessions").iter().find(|it| it["current"] == false);
        let other = other.expect("the first one")["id"].clone();
        phone.delete(&format!("/auth/sessions/{}", other.as_str().expect("an id"))).await.expect(204);
        let record = only(app.audited(&ada, "session.end").await);
        assert_eq!((&record["actor_id"], &record["session_id"]), (id, &other));
        phone.delete_with("/auth/me", json!({"password": "not it"})).await.expect(403);
        let record = only(app.audited(&ada, "password.confirm").await);
        assert_eq!((&record["actor_id"], &record["outcome"]), (id, &json!("failure")));
        phone.post_empty("/auth/logout").await.expect(204);
        let record = only(app.audited(&ada, "logout").await);
        assert_eq!((&record["actor_id"], &record["detail"]), (id, &json!("this")));
        let last = bob.login("bob@example.com", PASSWORD).await;
        last.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        let record = only(app.audited(&ada, "account.delete").await);
        assert_eq!((&record["actor_id"], &record["subject_id"]), (id, id));
    }

    async fn a_stolen_refresh_token_is_recorded_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let mut token = bob.refresh_token.clone().expect("a token");
        let stolen = token.clone();
        for _ in 0..2 {
            let reply = bob.post("/auth/refresh", json!({"refresh_token": token})).await.expect(200);
            reply.json()["refresh_token"].as_str().expect("a token").clone_into(&mut token);
        }
        for expected in ["refresh_token_reused", "invalid_refresh_token"] {
            let reply = bob.post("/auth/refresh", json!({"refresh_token": stolen})).await;
            reply.expect_problem(401, expected);
        }
        let record = only(app.audited(&ada, "refresh.reuse").await);
        assert_eq!((&record["subject_id"], &record["outcome"]), (&bob.user["id"], &json!("blocked")));
        assert!(record["session_id"].is_string());
    }

    async fn what_administrators_do_is_recorded_with_actor_and_subject(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        ada.post("/admin/roles", json!({"name": "reader", "permissions": ["users:read"]})).await.expect(201);
        ada.put("/admin/roles/reader", json!({"permissions": []})).await.expect(200);
        ada.raw("PUT", &bob.at("/roles/reader"), &[], "").await.expect(204);
        ada.delete(&bob.at("/roles/reader")).await.expect(204);
        ada.delete("/admin/roles/reader").await.expect(204);
        ada.patch(&bob.at(""), json!({"name": "B", "is_active": false})).await.expect(200);
        let until = json!({"is_active": true, "banned_until": "2027-01-01T00:00:00Z", "ban_reason": "Rude words"});
        ada.patch(&bob.at(""), until).await.expect(200);
        ada.patch(&bob.at(""), json!({"banned_until": null})).await.expect(200);
        ada.delete(&bob.at("/sessions")).await.expect(204);
        ada.delete(&bob.at("")).await.expect(204);
        let all = ada.get(&format!("/admin/audit?user={}&actor={}", bob.id(), ada.id())).await.expect(200);
        let mut events: Vec<_> = all.json().as_array().expect("records").iter()
            .map(|it| it["event"].as_str().expect("an event").to_owned()).collect();
        events.sort();
        assert_eq!(events, ["account.ban", "account.delete", "account.disable", "account.enable",
            "account.unban", "account.update", "role.grant", "role.revoke", "sessions.revoke"]);
        assert!(!all.text().contains("Rude"), "reasons stay with the account");
        for event in ["role.create", "role.update", "role.delete"] {
            let record = only(app.audited(&ada, event).await);
            assert_eq!(record["actor_id"], ada.user["id"]);
            assert!(record["detail"].as_str().is_some_and(|it| it.starts_with("reader")), "{record}");
        }
        let granted = only(app.audited(&ada, &format!("role.grant&user={}", ada.id())).await);
        assert_eq!((&granted["actor"], &granted["detail"]), (&json!("cli"), &json!("admin")));
    }

    async fn refused_work_leaves_no_record_of_having_been_done(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        ada.patch(&ada.at(""), json!({"is_active": false})).await.expect(409);
        ada.delete(&ada.at("")).await.expect(409);
        ada.post("/admin/users", json!({"email": "ada@example.com"})).await.expect(409);
        for event in ["account.disable", "account.delete", "account.create"] {
            assert!(app.audited(&ada, event).await.is_empty(), "{event}");
        }
    }
}
