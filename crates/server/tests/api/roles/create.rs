//! `POST /admin/roles`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_role_is_made_with_its_permissions_sorted_and_each_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let made = json!({"name": "support", "description": " Helps people ",
            "permissions": ["users:write", "users:read", "users:read"]});
        let reply = ada.post("/admin/roles", made).await.expect(201);
        assert_eq!(reply.header("location"), "/admin/roles/support");
        let role = json!({"name": "support", "description": "Helps people",
            "permissions": ["users:read", "users:write"], "built_in": false});
        assert_eq!(reply.json(), role);
        assert_eq!(app.audited(&ada, "role.create").await.len(), 1);
    }

    async fn a_name_is_taken_once_and_those_built_in_always(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        ada.post("/admin/roles", json!({"name": "support"})).await.expect(201);
        for name in ["support", "admin", "user"] {
            ada.post("/admin/roles", json!({"name": name})).await.expect_problem(409, "role_taken");
        }
        let roles = ada.get("/admin/roles").await.expect(200).json();
        assert_eq!(roles.as_array().map(Vec::len), Some(3));
    }

    async fn bad_roles_are_422_with_every_problem_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bad = json!({"name": "Bad Name", "description": "a\u{0}", "permissions": ["*"]});
        let reply = ada.post("/admin/roles", bad).await.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"].as_array().map(Vec::len), Some(3), "{reply}");
        for permissions in [json!("users:read"), json!(["users:*"]), json!([null]), json!([["users:read"]])] {
            let role = json!({"name": "x", "permissions": permissions});
            ada.post("/admin/roles", role).await.expect_problem(422, "validation");
        }
        ada.post("/admin/roles", json!({})).await.expect_problem(422, "validation");
    }

    async fn making_a_role_needs_its_permission(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "granter", &["roles:grant"]).await;
        let role = json!({"name": "mine", "permissions": []});
        eve.post("/admin/roles", role.clone()).await.expect_problem(403, "insufficient_scope");
        app.anonymous().post("/admin/roles", role).await.expect_problem(401, "not_authenticated");
        let roles = ada.get("/admin/roles").await.expect(200).json();
        assert_eq!(roles.as_array().map(Vec::len), Some(3), "two built in, and granter");
    }
}
