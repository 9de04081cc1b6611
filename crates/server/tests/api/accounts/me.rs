//! `GET /auth/me`.

use std::time::Duration;

use super::{grant_admin, set_active, sql};
use crate::both;
use crate::support::TestApp;

both! {
    async fn the_caller_sees_the_own_account_uncached(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.get("/auth/me").await.expect(200);
        assert_eq!(reply.json(), ada.user);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }

    async fn without_a_token_the_answer_says_bearer_and_nothing_else(engine: Engine) {
        let app = TestApp::start(engine).await;
        let reply = app.anonymous().get("/auth/me").await.expect_problem(401, "not_authenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert_eq!(reply.json()["detail"], "Not authenticated");
        for header in ["Basic YTpi", "Bearer", "Token abc", "bearer"] {
            let reply = app.anonymous().raw("GET", "/auth/me", &[("authorization", header)], "").await;
            assert_eq!(reply.status, 401, "{header}");
        }
    }

    async fn a_token_is_read_from_the_authorization_header_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let token = ada.token.clone().unwrap();
        let anonymous = app.anonymous();
        let cookie = format!("access_token={token}; token={token}; Authorization=Bearer {token}");
        anonymous.raw("GET", "/auth/me", &[("cookie", cookie.as_str())], "").await.expect(401);
        anonymous.get(&format!("/auth/me?access_token={token}&token={token}")).await.expect(401);
        anonymous.raw("GET", "/auth/me", &[("x-access-token", token.as_str())], "").await.expect(401);
    }

    async fn a_bad_token_is_named_as_such(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let refresh = ada.refresh_token.clone().unwrap();
        for token in ["x", "a.b.c", "", refresh.as_str(), &"a.".repeat(2_000)] {
            let reply = ada.with_token(token).get("/auth/me").await.expect(401);
            let challenge = reply.header("www-authenticate");
            assert!(challenge.starts_with("Bearer"), "{challenge}");
            if !token.is_empty() {
                assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
                assert_eq!(reply.json()["code"], "invalid_token");
            }
        }
    }

    async fn an_expired_token_says_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_secs(24 * 60 * 60 - 1));
        ada.get("/auth/me").await.expect(200);
        app.advance(Duration::from_secs(1));
        let reply = ada.get("/auth/me").await.expect_problem(401, "token_expired");
        assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""));
    }

    async fn a_disabled_or_deleted_user_is_out_at_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        set_active(&app, "ada@example.com", false).await;
        ada.get("/auth/me").await.expect_problem(401, "invalid_token");
        sql::<()>(&app, "DELETE FROM users WHERE email_key = 'eve@example.com'").await;
        eve.get("/auth/me").await.expect_problem(401, "invalid_token");
    }

    async fn roles_are_reported_as_they_are_now_and_sorted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        grant_admin(&app, "ada@example.com").await;
        let roles = ada.get("/auth/me").await.expect(200).json()["roles"].clone();
        assert_eq!(roles, serde_json::json!(["admin", "user"]));
    }
}
