//! `GET /admin/users/{id}`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn an_admin_sees_one_user_with_roles_and_state(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let found = ada.get(&bob.at("")).await.expect(200);
        assert_eq!(found.header("cache-control"), "no-store");
        let found = found.json();
        for field in ["id", "email", "name", "roles", "created_at"] {
            assert_eq!(found[field], bob.user[field], "{field}");
        }
        assert_eq!((&found["is_active"], &found["banned_until"]), (&json!(true), &json!(null)));
        assert_eq!(ada.get(&ada.at("")).await.expect(200).json()["roles"], json!(["admin", "user"]));
    }

    async fn it_needs_its_permission_and_a_user_who_exists(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "auditor", &["audit:read"]).await;
        eve.get(&ada.at("")).await.expect_problem(403, "insufficient_scope");
        app.anonymous().get(&ada.at("")).await.expect_problem(401, "not_authenticated");
        let nobody = "/admin/users/00000000-0000-7000-8000-000000000000";
        ada.get(nobody).await.expect_problem(404, "not_found");
        ada.get("/admin/users/1").await.expect_problem(422, "validation");
    }
}
