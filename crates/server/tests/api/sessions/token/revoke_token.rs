//! `POST /auth/revoke`: ending a session by one of its tokens (RFC 7009).

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn whoever_holds_a_token_can_end_its_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let anyone = app.anonymous();
        for which in ["access", "refresh"] {
            let ada = app.sign_up(which).await;
            let token = if which == "access" { &ada.token } else { &ada.refresh_token };
            let form = [("token", token.as_deref().expect("a token")), ("token_type_hint", "other")];
            let reply = anyone.post_form("/auth/revoke", &form).await.expect(200);
            assert!(reply.bytes.is_empty());
            ada.get("/auth/me").await.expect_problem(401, "invalid_token");
            anyone.post_form("/auth/revoke", &form).await.expect(200);
        }
        let bob = app.sign_up("bob").await;
        for token in ["", "x", "dwr_AAAA", "a.b.c"] {
            anyone.post_form("/auth/revoke", &[("token", token)]).await.expect(200);
        }
        anyone.post("/auth/revoke", json!({"token": 1})).await.expect(422);
        bob.get("/auth/me").await.expect(200);
    }
}
