//! What is asked about a key, and what whoever holds it may do with it: introspection, revocation, and its
//! own quota of requests.

use std::time::Duration;

use doorward::config::Quota;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, TestApp};

async fn ask(by: &Client, token: &str) -> Value {
    by.post_form("/auth/introspect", &[("token", token)]).await.expect(200).json()
}

both! {
    async fn introspection_says_what_a_key_is_good_for_at_this_moment(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let eve = app.officer(&root, "support", &["users:read"]).await;
        let fields = json!({"scopes": ["users:read", "tasks:read"], "expires_at": "2026-11-21T12:00:00Z", "networks": ["203.0.113.0/24"]});
        let made = eve.makes_key(fields).await;
        let key = made["key"].as_str().unwrap();
        let message = ask(&root, key).await;
        assert_eq!(message, json!({
            "active": true, "token_type": "api_key", "sub": eve.user["id"], "jti": made["id"], "iss": "doorward",
            "iat": 1_795_176_000, "exp": 1_795_262_400, "scope": "tasks:read users:read",
            "networks": ["203.0.113.0/24"], "roles": ["support", "user"], "permissions": ["users:read"],
        }));
        root.delete(&eve.at("/roles/support")).await.expect(204);
        let message = ask(&root, key).await;
        assert_eq!((&message["scope"], &message["permissions"]), (&json!("tasks:read"), &json!([])));
        let of_root = root.program(&["tokens:introspect"]).await;
        assert_eq!(ask(&of_root, key).await["active"], true);
        root.patch(&eve.at(""), json!({"is_active": false})).await.expect(200);
        assert_eq!(ask(&root, key).await, json!({"active": false}));
        root.patch(&eve.at(""), json!({"is_active": true})).await.expect(200);
        app.advance(Duration::from_hours(24));
        let root = root.login("root@example.com", crate::support::client::PASSWORD).await;
        for token in [key, &key[..50], "dwk_", "dwk_x"] {
            assert_eq!(ask(&root, token).await, json!({"active": false}), "{token}");
        }
    }

    async fn whoever_holds_a_key_may_end_it_by_its_text(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let program = ada.program(&["tasks:read"]).await;
        let key = program.token.clone().unwrap();
        let nobody = app.anonymous();
        for token in [&key[..53], "dwk_x", &key, &key] {
            nobody.post_form("/auth/revoke", &[("token", token)]).await.expect(200);
        }
        program.get("/api/tasks").await.expect_problem(401, "invalid_token");
        ada.get("/auth/me").await.expect(200);
        let events = app.audited(&app.admin("root").await, "api_key.revoke").await;
        assert_eq!(events.len(), 1);
        assert!(events[0]["detail"].as_str().unwrap().ends_with(" by its holder"), "{events:?}");
    }

    async fn a_key_has_a_quota_of_its_own_wherever_it_calls_from(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.rate_limit_api_key = Some(Quota::per_minute(3));
            settings.rate_limit_api = Some(Quota::per_minute(100));
        })
        .await;
        let ada = app.sign_up("ada").await;
        let (program, other) = (ada.program(&["tasks:read"]).await, ada.program(&["tasks:read"]).await);
        for last in 1..=3 {
            program.from(&format!("203.0.113.{last}")).get("/api/tasks").await.expect(200);
        }
        let refused = program.from("203.0.113.4").get("/api/tasks").await;
        assert_eq!(refused.header("retry-after"), "20");
        assert!(refused.header("ratelimit-policy").ends_with("\"api_key\";q=3"), "{:?}", refused.headers);
        refused.expect_problem(429, "rate_limited");
        other.get("/api/tasks").await.expect(200);
        ada.get("/api/tasks").await.expect(200);
        app.advance(Duration::from_secs(20));
        program.get("/api/tasks").await.expect(200);
    }
}
