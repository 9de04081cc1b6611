//! `DELETE /admin/sessions`.

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn an_admin_ends_everybody_s_sessions(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        ada.delete("/admin/sessions").await.expect(204);
        for client in [&ada, &bob] {
            client.get("/auth/me").await.expect_problem(401, "invalid_token");
        }
        let ada = ada.login("ada@example.com", PASSWORD).await;
        assert_eq!(app.audited(&ada, "sessions.revoke_all").await.len(), 1);
    }

    async fn whoever_lacks_a_permission_ends_nobodys(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let eve = app.officer(&ada, "ender", &["sessions:write"]).await;
        eve.delete("/admin/sessions").await.expect_problem(403, "insufficient_scope");
        app.anonymous().delete("/admin/sessions").await.expect_problem(401, "not_authenticated");
        for client in [&ada, &eve] {
            client.get("/auth/me").await.expect(200);
        }
    }
}
