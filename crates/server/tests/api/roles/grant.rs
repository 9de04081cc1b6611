//! `PUT /admin/users/{id}/roles/{role}`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_granted_role_counts_with_the_next_request_and_again_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let role = json!({"name": "reader", "permissions": ["users:read"]});
        ada.post("/admin/roles", role).await.expect(201);
        bob.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        for _ in 0..2 {
            ada.raw("PUT", &bob.at("/roles/reader"), &[], "").await.expect(204);
            bob.get("/admin/users").await.expect(200);
        }
        assert_eq!(ada.get(&bob.at("")).await.json()["roles"], json!(["reader", "user"]));
    }

    async fn a_role_or_user_that_is_not_there_is_404_and_a_bad_name_422(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let nobody = "/admin/users/00000000-0000-7000-8000-000000000000/roles/user";
        for path in [bob.at("/roles/nobody"), nobody.to_owned()] {
            ada.raw("PUT", &path, &[], "").await.expect_problem(404, "not_found");
        }
        for role in ["No%20Role", "a%00b", "%ff"] {
            let path = bob.at(&format!("/roles/{role}"));
            ada.raw("PUT", &path, &[], "").await.expect_problem(422, "validation");
        }
        ada.raw("PUT", "/admin/users/x/roles/user", &[], "").await.expect_problem(422, "validation");
        assert_eq!(ada.get(&bob.at("")).await.json()["roles"], json!(["user"]));
    }

    async fn granting_needs_its_permission(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "maker", &["roles:write"]).await;
        let path = eve.at("/roles/admin");
        eve.raw("PUT", &path, &[], "").await.expect_problem(403, "insufficient_scope");
        let reply = app.anonymous().raw("PUT", &path, &[], "").await;
        reply.expect_problem(401, "not_authenticated");
        assert_eq!(ada.get(&eve.at("")).await.json()["roles"], json!(["maker", "user"]));
    }
}
