//! `PUT /admin/roles/{role}`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn what_is_absent_stays(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let made = json!({"name": "support", "permissions": ["users:read", "users:write"]});
        ada.post("/admin/roles", made).await.expect(201);
        let reply = ada.put("/admin/roles/support", json!({"description": "Reads"})).await;
        assert_eq!(reply.expect(200).json()["permissions"], json!(["users:read", "users:write"]));
        let reply = ada.put("/admin/roles/support", json!({"permissions": ["users:read"]})).await;
        let changed = json!({"name": "support", "description": "Reads",
            "permissions": ["users:read"], "built_in": false});
        assert_eq!(reply.expect(200).json(), changed);
        assert_eq!(ada.get("/admin/roles").await.expect(200).json()[2], changed);
    }

    async fn the_built_in_roles_keep_their_permissions(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for role in ["admin", "user"] {
            let none = json!({"permissions": []});
            let reply = ada.put(&format!("/admin/roles/{role}"), none).await;
            reply.expect_problem(409, "role_built_in");
        }
        ada.get("/admin/users").await.expect(200);
    }

    async fn a_bad_change_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let made = json!({"name": "support", "permissions": ["users:read"]});
        ada.post("/admin/roles", made).await.expect(201);
        for permissions in [json!(["*"]), json!(["users:*"]), json!([null]), json!("users:read")] {
            let change = json!({"description": "x", "permissions": permissions});
            ada.put("/admin/roles/support", change).await.expect_problem(422, "validation");
        }
        ada.put("/admin/roles/No%20Role", json!({})).await.expect_problem(422, "validation");
        ada.put("/admin/roles/nobody", json!({})).await.expect_problem(404, "not_found");
        let role = ada.get("/admin/roles").await.expect(200).json()[2].clone();
        assert_eq!((&role["description"], &role["permissions"]), (&json!(""), &json!(["users:read"])));
    }

    async fn changing_a_role_needs_its_permission(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "granter", &["roles:grant", "users:read"]).await;
        let change = json!({"permissions": ["users:read"]});
        let reply = eve.put("/admin/roles/granter", change.clone()).await;
        reply.expect_problem(403, "insufficient_scope");
        let reply = app.anonymous().put("/admin/roles/granter", change).await;
        reply.expect_problem(401, "not_authenticated");
    }
}
