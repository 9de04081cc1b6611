//! Bans: at once, with a reason and an end, lifted by an administrator or by the clock.

use std::time::Duration;

use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn a_ban_kills_tokens_at_once_and_lifts_by_the_clock(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let ban = json!({"banned_until": "2026-11-20T13:00:00Z", "ban_reason": " Spam "});
        let now = ada.patch(&bob.at(""), ban).await.expect(200).json();
        assert_eq!((&now["banned_until"], &now["ban_reason"], &now["is_active"]),
            (&json!("2026-11-20T13:00:00Z"), &json!("Spam"), &json!(true)));
        bob.get("/auth/me").await.expect_problem(401, "invalid_token");
        let token = json!({"refresh_token": bob.refresh_token});
        bob.post("/auth/refresh", token.clone()).await.expect_problem(401, "invalid_refresh_token");
        let login = json!({"email": "bob@example.com", "password": PASSWORD});
        let reply = app.anonymous().post("/auth/login", login.clone()).await;
        let reply = reply.expect_problem(403, "account_disabled");
        assert!(!reply.text().contains("Spam"), "the reason is for administrators");
        app.advance(Duration::from_secs(3599));
        app.anonymous().post("/auth/login", login.clone()).await.expect(403);
        app.advance(Duration::from_secs(1));
        bob.login("bob@example.com", PASSWORD).await.get("/auth/me").await.expect(200);
        // What the ban ended stays ended.
        bob.get("/auth/me").await.expect_problem(401, "invalid_token");
        bob.post("/auth/refresh", token).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn null_lifts_a_ban_and_its_reason(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let ban = json!({"banned_until": "9999-12-31T23:59:59Z", "ban_reason": "Spam"});
        ada.patch(&bob.at(""), ban).await.expect(200);
        app.advance(Duration::from_hours(400 * 24));
        let login = json!({"email": "bob@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/login", login).await.expect_problem(403, "account_disabled");
        let ada = ada.login("ada@example.com", PASSWORD).await;
        let now = ada.patch(&bob.at(""), json!({"banned_until": null})).await.expect(200).json();
        assert_eq!((&now["banned_until"], &now["ban_reason"]), (&json!(null), &json!(null)));
        bob.login("bob@example.com", PASSWORD).await.get("/auth/me").await.expect(200);
    }

    async fn a_sign_in_that_races_a_ban_leaves_nothing_alive(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for round in 0..10 {
            let bob = app.sign_up(&format!("bob{round}")).await;
            let login = json!({"email": format!("bob{round}@example.com"), "password": PASSWORD});
            let ban = json!({"banned_until": "9999-12-31T23:59:59Z"});
            let path = bob.at("");
            let anonymous = app.anonymous();
            let (banned, signed_in) =
                tokio::join!(ada.patch(&path, ban), anonymous.post("/auth/login", login));
            banned.expect(200);
            if signed_in.status == 200 {
                let token = signed_in.json()["access_token"].as_str().expect("a token").to_owned();
                let reply = anonymous.with_token(&token).get("/auth/me").await;
                reply.expect_problem(401, "invalid_token");
            }
        }
    }
}
