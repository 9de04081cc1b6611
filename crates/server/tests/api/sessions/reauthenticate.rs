//! `POST /auth/reauthenticate`.

use std::time::Duration;

use serde_json::json;

use crate::both;
use crate::factors::{add_phone, claims, with_tokens};
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn the_password_makes_the_same_session_fresh(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_hours(1));
        let tokens = ada.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(200);
        let tokens = tokens.json();
        let (before, after) = (claims(&json!(ada.token)), claims(&tokens["access_token"]));
        assert_eq!(after["sid"], before["sid"]);
        assert_eq!(after["auth_time"], before["auth_time"].as_i64().unwrap() + 3600);
        assert_eq!(after["gen"], before["gen"]);
        assert_eq!(tokens["refresh_token"], json!(ada.refresh_token), "the one it has");
        with_tokens(&ada, &tokens).post_empty("/auth/mfa/totp").await.expect(201);
        // Kept, also by a process that remembers the session from before.
        let body = json!({"refresh_token": ada.refresh_token});
        let tokens = ada.post("/auth/refresh", body).await.expect(200).json();
        assert_eq!(claims(&tokens["access_token"])["auth_time"], after["auth_time"]);
    }

    async fn a_wrong_password_makes_nothing_fresh(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_hours(1));
        let body = json!({"password": "the wrong password"});
        ada.post("/auth/reauthenticate", body).await.expect_problem(403, "wrong_password");
        ada.post_empty("/auth/mfa/totp").await.expect_problem(401, "insufficient_user_authentication");
    }

    async fn an_account_with_a_factor_proves_that_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, done) = add_phone(&app, &ada).await;
        app.advance(Duration::from_hours(1));
        let again = async |body| ada.post("/auth/reauthenticate", body).await;
        again(json!({"password": PASSWORD})).await.expect_problem(401, "insufficient_user_authentication");
        again(json!({"code": phone.wrong_code(&app)})).await.expect_problem(403, "wrong_code");
        let code = phone.code(&app);
        let tokens = again(json!({"code": code})).await.expect(200).json();
        let now = app.clock.now().unix_timestamp();
        assert_eq!(claims(&tokens["access_token"])["auth_time"], now);
        again(json!({"code": code})).await.expect_problem(403, "wrong_code");
        again(json!({"recovery_code": done["recovery_codes"][0]})).await.expect(200);
    }

    async fn one_thing_is_asked_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for body in [json!({}), json!({"password": PASSWORD, "code": "123456"})] {
            ada.post("/auth/reauthenticate", body).await.expect_problem(422, "validation");
        }
        let body = json!({"password": PASSWORD});
        app.anonymous().post("/auth/reauthenticate", body).await.expect_problem(401, "not_authenticated");
    }
}
