//! `GET /admin/users/{id}/sessions`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn an_admin_sees_one_user_s_sessions_and_no_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        bob.login("bob@example.com", PASSWORD).await;
        let found = ada.get(&bob.at("/sessions")).await.expect(200);
        assert_eq!(found.json().as_array().map(Vec::len), Some(2));
        for secret in ["dwr_", "salt", "token", "counter"] {
            assert!(!found.text().contains(secret), "{secret}");
        }
        bob.post_empty("/auth/logout?scope=all").await.expect(204);
        assert_eq!(ada.get(&bob.at("/sessions")).await.expect(200).json(), json!([]));
    }

    async fn it_needs_its_permission_and_a_user_who_exists(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "reader", &["users:read"]).await;
        eve.get(&ada.at("/sessions")).await.expect_problem(403, "insufficient_scope");
        app.anonymous().get(&ada.at("/sessions")).await.expect_problem(401, "not_authenticated");
        let nobody = "/admin/users/00000000-0000-7000-8000-000000000000/sessions";
        ada.get(nobody).await.expect_problem(404, "not_found");
        ada.get("/admin/users/x/sessions").await.expect_problem(422, "validation");
    }
}
