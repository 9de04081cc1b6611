//! What no API key opens: the account of its owner, every way in that is not a bearer token, and what is
//! not in its scopes.

use std::collections::BTreeMap;

use axum::body::Body;
use serde_json::{Value, json};

use super::ALL;
use crate::both;
use crate::support::{Client, TestApp};

/// Every operation of the contract that asks for a token: its id, its method, and its path as that of this
/// user.
fn operations(document: &Value, owner: &Client) -> Vec<(String, String, String, Option<String>)> {
    let mut all = Vec::new();
    let id = owner.user["id"].as_str().unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(needs) = operation["security"].get(0) else { continue };
            // An empty requirement says that a token is optional.
            if operation["security"].as_array().unwrap().contains(&json!({})) {
                continue;
            }
            let name = operation["operationId"].as_str().unwrap().to_owned();
            let path = path.replace("{id}", id).replace("{key_id}", id).replace("{role}", "user");
            let scope = needs["bearer"][0].as_str().map(str::to_owned);
            all.push((name, method.to_uppercase(), path.replace(['{', '}'], ""), scope));
        }
    }
    all
}

async fn called(client: &Client, method: &str, path: &str) -> crate::support::Reply {
    let kind = [("content-type", "application/json")];
    let body = if method == "GET" { "" } else { "{}" };
    client.raw(method, path, &kind, body).await
}

both! {
    async fn no_operation_of_the_account_opens_to_a_key_with_every_scope(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let document = root.get("/openapi.json").await.expect(200).json();
        let program = root.program(&ALL).await;
        let before = root.get("/auth/me").await.expect(200).json();
        let mut closed = BTreeMap::new();
        for (name, method, path, _) in operations(&document, &root) {
            let reply = called(&program, &method, &path).await;
            let own = path.starts_with("/auth/") && name != "sessions.introspect";
            assert_eq!(reply.status == 403, own || closed_to_own_key(&name), "{name}: {}", reply.text());
            assert_ne!(reply.status, 401, "{name}");
            assert!(reply.status < 500, "{name}: {}", reply.text());
            if own {
                assert_eq!(reply.json()["code"], "insufficient_scope", "{name}");
                assert!(reply.text().contains("An API key cannot be used to manage the account"), "{name}");
                closed.insert(name, path);
            }
        }
        for name in ["accounts.me", "accounts.update", "accounts.delete", "accounts.export", "passwords.change",
            "emails.change", "sessions.list", "sessions.revoke", "sessions.logout", "api_keys.create",
            "api_keys.list", "api_keys.revoke"]
        {
            assert!(closed.contains_key(name), "{name} is not walked");
        }
        assert_eq!(root.get("/auth/me").await.expect(200).json(), before);
        assert_eq!(root.get("/auth/keys").await.json().as_array().unwrap().len(), 1);
    }

    async fn a_key_without_the_scope_opens_no_operation(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let document = root.get("/openapi.json").await.expect(200).json();
        let (reader, auditor) = (root.program(&["tasks:read"]).await, root.program(&["audit:read"]).await);
        for (name, method, path, scope) in operations(&document, &root) {
            let reads_tasks = path.starts_with("/api/tasks") && method == "GET";
            let status = called(&reader, &method, &path).await.status;
            assert_eq!(status == 403, !reads_tasks, "{name} answered {status}");
            let audits = scope.as_deref() == Some("audit:read");
            let status = called(&auditor, &method, &path).await.status;
            assert_eq!(status == 403, !audits, "{name} answered {status}");
        }
    }

    async fn a_key_counts_as_bearer_token_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let key = ada.program(&["tasks:read", "tasks:write"]).await.token.unwrap();
        let nobody = app.anonymous();
        for name in ["access_token", "api_key", "key", "token", "apikey", "authorization"] {
            nobody.get(&format!("/api/tasks?{name}={key}")).await.expect_problem(401, "not_authenticated");
            let sent = nobody.raw("GET", "/api/tasks", &[(name, &key)], Body::empty()).await;
            sent.expect_problem(401, "not_authenticated");
        }
        let cookie = format!("token={key}; session={key}; better-auth.session_token={key}");
        let basic = format!("Basic {key}");
        for (name, value) in [("cookie", cookie.as_str()), ("x-api-key", &key), ("authorization", &basic),
            ("proxy-authorization", &key), ("authorization", &key)]
        {
            let sent = nobody.raw("GET", "/api/tasks", &[(name, value)], Body::empty()).await;
            sent.expect_problem(401, "not_authenticated");
        }
        let body = json!({"email": "ada@example.com", "password": key});
        nobody.post("/auth/login", body).await.expect_problem(401, "invalid_credentials");
        nobody.post("/auth/refresh", json!({"refresh_token": key})).await.expect_problem(401, "invalid_refresh_token");
        nobody.with_token(&key).get("/api/tasks").await.expect(200);
    }

    async fn a_mistyped_key_is_reported_as_such_and_an_unknown_one_is_not_there(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let key = ada.program(&["tasks:read"]).await.token.unwrap();
        let mut typo = key.clone();
        typo.replace_range(30..31, if &key[30..31] == "a" { "b" } else { "a" });
        for wrong in [typo.as_str(), &key[..53], "dwk_", "dwk_x", &format!("{key}0")] {
            let refused = ada.with_token(wrong).get("/api/tasks").await.expect_problem(401, "invalid_token");
            assert!(refused.text().contains("its checksum does not match"), "{wrong}: {}", refused.text());
        }
        let (_, made_up) = doorward::keys::PresentedKey::mint(&doorward::crypto::Random::seeded(99), ada.id());
        let refused = ada.with_token(&made_up).get("/api/tasks").await.expect_problem(401, "invalid_token");
        assert!(refused.text().contains("This API key is unknown"), "{}", refused.text());
        // Nor does its own secret open somebody else's tasks.
        let bob = app.sign_up("bob").await;
        let (_, of_bob) = doorward::keys::PresentedKey::mint(&doorward::crypto::Random::seeded(1), bob.id());
        ada.with_token(&of_bob).get("/api/tasks").await.expect_problem(401, "invalid_token");
    }

    async fn a_refused_use_is_in_the_audit_log_with_the_key_and_the_reason(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let made = root.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let program = root.with_token(made["key"].as_str().unwrap());
        program.get("/admin/users").await.expect(403);
        program.get("/auth/me").await.expect(403);
        let events = app.audited(&root, "api_key.refuse").await;
        let said: Vec<_> = events.iter().map(|event| event["detail"].as_str().unwrap()).collect();
        assert_eq!(said, ["refused: key_scope:users:read", "refused: key_account"]);
        for event in &events {
            assert_eq!((&event["actor"], &event["outcome"]), (&json!("key"), &json!("denied")));
            assert_eq!((&event["actor_id"], &event["session_id"]), (&root.user["id"], &made["id"]));
        }
    }
}

/// What a key does not do to the account that it belongs to, whatever its scopes.
fn closed_to_own_key(name: &str) -> bool {
    [
        "users.update",
        "users.delete",
        "sessions.revoke_of_user",
        "sessions.revoke_everybodys",
        "api_keys.revoke_of_user",
        "api_keys.revoke_one",
    ]
    .contains(&name)
}
