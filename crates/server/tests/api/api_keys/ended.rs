//! A key ends with its time and with its owner, and never does more than its owner may at that moment.

use std::time::Duration;

use doorward::audit::Actor;
use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

async fn is_dead(program: &Client) {
    program.get("/api/tasks").await.expect_problem(401, "invalid_token");
    program.post("/api/tasks", json!({"title": "x"})).await.expect_problem(401, "invalid_token");
    program.get("/admin/users").await.expect_problem(401, "invalid_token");
}

both! {
    async fn a_key_expires_at_its_instant(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let made = ada.makes_key(json!({"scopes": ["tasks:read"], "expires_at": "2026-11-20T12:10:00Z"})).await;
        let program = ada.with_token(made["key"].as_str().unwrap());
        app.advance(Duration::from_secs(599));
        program.get("/api/tasks").await.expect(200);
        app.advance(Duration::from_secs(1));
        is_dead(&program).await;
        assert_eq!(ada.get("/auth/keys").await.json()[0]["id"], made["id"], "it is listed until it is revoked");
    }

    async fn the_keys_of_the_disabled_the_banned_and_the_deleted_open_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let ada = app.sign_up("ada").await;
        let program = ada.program(&["tasks:read", "tasks:write"]).await;
        for (out, back) in [
            (json!({"is_active": false}), json!({"is_active": true})),
            (json!({"banned_until": "2027-01-01T00:00:00Z"}), json!({"banned_until": null})),
        ] {
            program.get("/api/tasks").await.expect(200);
            root.patch(&ada.at(""), out).await.expect(200);
            is_dead(&program).await;
            root.patch(&ada.at(""), back).await.expect(200);
        }
        let body = json!({"password": PASSWORD});
        ada.login("ada@example.com", PASSWORD).await.delete_with("/auth/me", body).await.expect(204);
        is_dead(&program).await;
    }

    async fn a_permission_taken_from_the_owner_is_gone_from_the_key_with_the_next_request(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let eve = app.officer(&root, "support", &["users:read", "audit:read"]).await;
        let program = eve.program(&["users:read", "tasks:read"]).await;
        program.get("/admin/users").await.expect(200);
        // What the owner holds and the key does not.
        program.get("/admin/audit").await.expect_problem(403, "insufficient_scope");
        root.put("/admin/roles/support", json!({"permissions": ["audit:read"]})).await.expect(200);
        let refused = program.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        assert!(refused.text().contains("users:read"), "{}", refused.text());
        program.get("/api/tasks").await.expect(200);
        root.delete(&eve.at("/roles/support")).await.expect(204);
        program.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        let body = json!({"name": "x", "scopes": ["users:read"]});
        eve.post("/auth/keys", body).await.expect_problem(403, "insufficient_scope");
    }

    async fn keys_that_a_thief_may_have_made_end_when_a_forgotten_password_is_replaced(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let program = ada.program(&["tasks:read"]).await;
        // Whoever changes the password in a session sees and revokes keys there.
        let body = json!({"current_password": PASSWORD, "new_password": "another horse battery"});
        ada.post("/auth/password", body).await.expect(204);
        program.get("/api/tasks").await.expect(200);
        let password = doorward::passwords::Password::parse("a third horse battery".into()).unwrap();
        app.app.passwords.set(&Actor::operator(), ada.id(), password).await.expect("it is set");
        is_dead(&program).await;
    }

    async fn a_key_sees_and_changes_its_owners_tasks_and_no_others(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let program = ada.program(&["tasks:read", "tasks:write"]).await;
        let of_bob = bob.post("/api/tasks", json!({"title": "secret"})).await.expect(201).json();
        let of_ada = ada.post("/api/tasks", json!({"title": "own"})).await.expect(201).json();
        let at = |task: &Value| format!("/api/tasks/{}", task["id"].as_str().unwrap());
        program.get(&at(&of_bob)).await.expect_problem(404, "not_found");
        program.patch(&at(&of_bob), json!({"title": "stolen"})).await.expect_problem(404, "not_found");
        program.delete(&at(&of_bob)).await.expect_problem(404, "not_found");
        for query in ["", "?q=secret", "?q=e&limit=1000", "?sort=-title"] {
            assert!(!program.get(&format!("/api/tasks{query}")).await.expect(200).text().contains("secret"));
        }
        program.get(&at(&of_ada)).await.expect(200);
        assert_eq!(bob.get(&at(&of_bob)).await.expect(200).json(), of_bob);
    }
}
