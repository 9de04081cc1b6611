//! Permissions are asked of the database with every request.

use axum::body::Body;
use serde_json::Value;

use crate::both;
use crate::support::{Client, TestApp};

/// Every operation below `/admin` in the contract, as (method, path with ids filled in, permission).
pub(crate) fn admin_operations() -> Vec<(String, String, String)> {
    let contract =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json"))
            .expect("openapi.json");
    let document: Value = serde_json::from_str(&contract).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        if !path.starts_with("/admin") {
            continue;
        }
        let path =
            path.replace("{id}", "00000000-0000-7000-8000-000000000000").replace("{role}", "user");
        for (method, operation) in item.as_object().expect("an item") {
            let scopes = &operation["security"][0]["bearer"];
            let needed = scopes[0].as_str().expect("the operation names its permission");
            found.push((method.to_uppercase(), path.clone(), needed.to_owned()));
        }
    }
    assert!(found.len() >= 12, "{found:?}");
    found
}

async fn call(client: &Client, method: &str, path: &str) -> crate::support::Reply {
    client.raw(method, path, &[("content-type", "application/json")], Body::from("{}")).await
}

both! {
    async fn every_admin_operation_refuses_a_plain_user_and_strangers(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        for (method, path, needed) in admin_operations() {
            let reply = call(&app.anonymous(), &method, &path).await;
            let reply = reply.expect_problem(401, "not_authenticated");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{method} {path}");
            let reply = call(&bob, &method, &path).await.expect_problem(403, "insufficient_scope");
            let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"");
            assert_eq!(reply.header("www-authenticate"), challenge, "{method} {path}");
            assert_eq!(reply.header("cache-control"), "no-store", "{method} {path}");
        }
        let roles = ada.get("/admin/roles").await.expect(200).json();
        assert_eq!(roles.as_array().map(Vec::len), Some(2), "nothing was made");
        ada.get(&bob.at("")).await.expect(200);
        let denied = app.audited(&ada, "access.denied").await;
        let count = |it: &Value| match it["detail"].as_str().expect("a detail").split_once(", ") {
            None => 1,
            Some((_, more)) => more.split(' ').next().and_then(|more| more.parse().ok()).expect("a count"),
        };
        assert_eq!(denied.iter().map(count).sum::<usize>(), admin_operations().len());
        assert!(denied.iter().all(|it| it["actor_id"] == bob.user["id"] && it["outcome"] == "denied"));
    }

    async fn no_method_on_a_path_of_administration_gets_a_plain_user_anywhere(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let before = ada.get("/admin/users").await.expect(200).json();
        let mut paths: Vec<_> = admin_operations().into_iter().map(|it| it.1).collect();
        paths.extend([bob.at(""), ada.at(""), bob.at("/roles/admin"), ada.at("/sessions"), "/admin".into()]);
        for path in paths {
            for path in [path.clone(), format!("{path}/"), format!("{path}?x=1")] {
                for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"] {
                    let reply = call(&bob, method, &path).await;
                    assert!([403, 404, 405].contains(&reply.status), "{method} {path}: {}", reply.status);
                    let nobody = call(&app.anonymous(), method, &path).await;
                    assert!([401, 404, 405].contains(&nobody.status), "{method} {path}: {}", nobody.status);
                }
            }
        }
        assert_eq!(ada.get("/admin/users").await.expect(200).json(), before);
    }

    async fn each_permission_opens_its_own_operations_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let mut permissions: Vec<_> = admin_operations().into_iter().map(|it| it.2).collect();
        permissions.sort();
        permissions.dedup();
        for permission in &permissions {
            let name = permission.replace(':', "-");
            let officer = app.officer(&ada, &name, &[permission]).await;
            for (method, path, needed) in admin_operations() {
                let reply = call(&officer, &method, &path).await;
                if path == "/admin/sessions" {
                    // It reaches admins too, so it takes every permission.
                    reply.expect_problem(403, "insufficient_scope");
                } else if needed == *permission {
                    let text = reply.text();
                    assert!(!matches!(reply.status, 401 | 403), "{permission}: {method} {path}: {text}");
                } else {
                    reply.expect_problem(403, "insufficient_scope");
                }
            }
        }
    }

    async fn a_role_change_takes_effect_with_the_next_request(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "reader", &["users:read"]).await;
        eve.get("/admin/users").await.expect(200);
        let rest = serde_json::json!({"permissions": ["audit:read"]});
        ada.put("/admin/roles/reader", rest).await.expect(200);
        eve.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        eve.get("/admin/audit").await.expect(200);
        ada.delete(&eve.at("/roles/reader")).await.expect(204);
        eve.get("/admin/audit").await.expect_problem(403, "insufficient_scope");
        ada.raw("PUT", &eve.at("/roles/reader"), &[], "").await.expect(204);
        eve.get("/admin/audit").await.expect(200);
        ada.delete("/admin/roles/reader").await.expect(204);
        eve.get("/admin/audit").await.expect_problem(403, "insufficient_scope");
        eve.get("/auth/me").await.expect(200);
    }

    async fn a_replica_knows_of_a_role_change_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.replica().await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "reader", &["users:read"]).await;
        let elsewhere = other.anonymous().with_token(eve.token.as_deref().expect("a token"));
        elsewhere.get("/admin/users").await.expect(200);
        ada.delete(&eve.at("/roles/reader")).await.expect(204);
        elsewhere.get("/admin/users").await.expect_problem(403, "insufficient_scope");
    }

    async fn a_permission_is_decided_before_the_body_and_a_session_before_both(engine: Engine) {
        let app = TestApp::start(engine).await;
        let bob = app.sign_up("bob").await;
        for body in ["", "{", "[]", "{\"email\": 1}"] {
            let json = [("content-type", "application/json")];
            let reply = bob.raw("POST", "/admin/users", &json, body).await;
            reply.expect_problem(403, "insufficient_scope");
        }
        bob.get("/admin/users/not-an-id").await.expect_problem(403, "insufficient_scope");
        bob.get("/admin/users?limit=x").await.expect_problem(403, "insufficient_scope");
        bob.post_empty("/auth/logout").await.expect(204);
        bob.get("/admin/users/not-an-id").await.expect_problem(401, "invalid_token");
        bob.get("/admin/users").await.expect_problem(401, "invalid_token");
    }
}
