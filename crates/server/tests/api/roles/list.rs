//! `GET /admin/roles`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn the_list_has_the_built_in_roles_first_and_then_the_others(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let made = json!({"name": "a-reader", "description": "Reads", "permissions": ["users:read"]});
        let made = ada.post("/admin/roles", made).await.expect(201).json();
        let all = ada.get("/admin/roles").await.expect(200).json();
        let admin = json!({"name": "admin", "description": "Every permission",
            "permissions": ["*"], "built_in": true});
        assert_eq!((&all[0], &all[1]["name"], &all[2]), (&admin, &json!("user"), &made));
        assert_eq!(all.as_array().map(Vec::len), Some(3));
    }

    async fn the_list_needs_its_permission(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "granter", &["roles:grant", "users:read"]).await;
        eve.get("/admin/roles").await.expect_problem(403, "insufficient_scope");
        app.anonymous().get("/admin/roles").await.expect_problem(401, "not_authenticated");
        let lin = app.officer(&ada, "maker", &["roles:write"]).await;
        lin.get("/admin/roles").await.expect(200);
    }
}
