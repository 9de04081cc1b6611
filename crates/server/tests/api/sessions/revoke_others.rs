//! `DELETE /auth/sessions`.

use super::list::listed;
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn all_others_are_ended_and_the_one_that_asks_goes_on(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = ada.login("ada@example.com", PASSWORD).await;
        let bob = app.sign_up("bob").await;
        phone.delete("/auth/sessions").await.expect(204);
        ada.get("/auth/me").await.expect_problem(401, "invalid_token");
        phone.get("/auth/me").await.expect(200);
        bob.get("/auth/me").await.expect(200);
        assert_eq!(listed(&phone).await.len(), 1);
    }

    async fn a_stranger_ends_nobodys(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.anonymous().delete("/auth/sessions").await.expect_problem(401, "not_authenticated");
        ada.get("/auth/me").await.expect(200);
    }
}
