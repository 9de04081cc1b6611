//! `DELETE /admin/users/{id}/sessions`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn an_admin_ends_one_user_s_sessions(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let phone = bob.login("bob@example.com", PASSWORD).await;
        ada.delete(&bob.at("/sessions")).await.expect(204);
        for client in [&bob, &phone] {
            client.get("/auth/me").await.expect_problem(401, "invalid_token");
            let token = json!({"refresh_token": client.refresh_token});
            client.post("/auth/refresh", token).await.expect_problem(401, "invalid_refresh_token");
        }
        assert_eq!(ada.get(&bob.at("/sessions")).await.expect(200).json(), json!([]));
        bob.login("bob@example.com", PASSWORD).await.get("/auth/me").await.expect(200);
        let nobody = "/admin/users/00000000-0000-7000-8000-000000000000/sessions";
        ada.delete(nobody).await.expect_problem(404, "not_found");
        ada.delete("/admin/users/x/sessions").await.expect_problem(422, "validation");
    }

    async fn sessions_of_users_who_hold_more_are_not_ended_by_those_who_hold_less(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "ender", &["sessions:write"]).await;
        let bob = app.sign_up("bob").await;
        eve.delete(&bob.at("/sessions")).await.expect(204);
        eve.delete(&ada.at("/sessions")).await.expect_problem(403, "insufficient_scope");
        ada.get("/auth/me").await.expect(200);
    }
}
