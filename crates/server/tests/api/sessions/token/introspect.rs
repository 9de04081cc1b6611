//! `POST /auth/introspect`: asking about tokens (RFC 7662).

use std::time::Duration;

use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, TestApp};

async fn ask(by: &Client, token: &str) -> Value {
    by.post_form("/auth/introspect", &[("token", token)]).await.expect(200).json()
}

both! {
    async fn introspection_needs_its_permission_and_a_live_caller(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let form = [("token", ada.token.as_deref().expect("a token"))];
        app.anonymous().post_form("/auth/introspect", &form).await.expect(401);
        ada.post_form("/auth/introspect", &form).await.expect_problem(403, "insufficient_scope");
        ada.post_form("/auth/introspect", &[("token", "x")]).await.expect(403);
        let root = app.admin("root").await;
        root.post("/auth/introspect", json!({})).await.expect(422);
    }

    async fn a_token_is_active_until_its_session_ends(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (root, ada) = (app.admin("root").await, app.sign_up("ada").await);
        let access = ada.token.clone().expect("a token");
        let refresh = ada.refresh_token.clone().expect("a token");
        let message = ask(&root, &access).await;
        assert_eq!((&message["active"], &message["sub"]), (&json!(true), &ada.user["id"]));
        assert_eq!((&message["token_type"], &message["iss"]), (&json!("Bearer"), &json!("doorward")));
        let message = ask(&root, &refresh).await;
        assert_eq!((&message["active"], &message["sub"]), (&json!(true), &ada.user["id"]));
        assert_eq!(message["token_type"], "refresh_token");
        ada.post_empty("/auth/logout").await.expect(204);
        for token in [access.as_str(), &refresh, "", "x.y.z", "dwr_x", &access[..access.len() - 1]] {
            assert_eq!(ask(&root, token).await, json!({"active": false}), "{token}");
        }
    }

    async fn an_expired_token_is_not_active(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.access_token_ttl = Duration::from_mins(5);
        })
        .await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(5));
        let root = app.admin("root").await;
        let token = ada.token.as_deref().expect("a token");
        assert_eq!(ask(&root, token).await, json!({"active": false}));
    }

    async fn roles_and_permissions_are_those_that_the_user_has_now(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (root, ada) = (app.admin("root").await, app.sign_up("ada").await);
        let (access, refresh) = (ada.token.clone().expect("a token"), ada.refresh_token.clone().expect("a token"));
        let of = async |token: &str| ask(&root, token).await["permissions"].clone();
        assert_eq!(of(&access).await, json!([]));
        for (name, permissions) in [("support", json!(["users:read", "audit:read"])), ("reader", json!(["users:read"]))] {
            root.post("/admin/roles", json!({"name": name, "permissions": permissions})).await.expect(201);
            root.put(&ada.at(&format!("/roles/{name}")), json!({})).await.expect(204);
        }
        let message = ask(&root, &access).await;
        assert_eq!(message["permissions"], json!(["audit:read", "users:read"]));
        assert_eq!(message["roles"], json!(["reader", "support", "user"]));
        assert_eq!(of(&refresh).await, Value::Null);
        assert_eq!(of(root.token.as_deref().expect("a token")).await, json!(["*"]));
        root.delete(&ada.at("/roles/support")).await.expect(204);
        assert_eq!(of(&access).await, json!(["users:read"]));
    }
}
