//! `DELETE /admin/roles/{role}`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_deleted_role_is_gone_from_those_who_had_it(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "reader", &["users:read"]).await;
        eve.get("/admin/users").await.expect(200);
        ada.delete("/admin/roles/reader").await.expect(204);
        eve.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        assert_eq!(ada.get(&eve.at("")).await.expect(200).json()["roles"], json!(["user"]));
        ada.delete("/admin/roles/reader").await.expect_problem(404, "not_found");
        assert_eq!(app.audited(&ada, "role.delete").await.len(), 1);
    }

    async fn the_built_in_roles_stay(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for role in ["admin", "user"] {
            let reply = ada.delete(&format!("/admin/roles/{role}")).await;
            reply.expect_problem(409, "role_built_in");
        }
        assert_eq!(ada.get(&ada.at("")).await.expect(200).json()["roles"], json!(["admin", "user"]));
    }

    async fn deleting_a_role_needs_its_permission_and_a_name(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "granter", &["roles:grant"]).await;
        eve.delete("/admin/roles/granter").await.expect_problem(403, "insufficient_scope");
        let reply = app.anonymous().delete("/admin/roles/granter").await;
        reply.expect_problem(401, "not_authenticated");
        ada.delete("/admin/roles/No%20Role").await.expect_problem(422, "validation");
        assert_eq!(ada.get(&eve.at("")).await.expect(200).json()["roles"], json!(["granter", "user"]));
    }
}
