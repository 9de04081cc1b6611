//! `POST /auth/mfa/totp/confirm`.

use std::time::Duration;

use serde_json::json;

use super::{Phone, add_phone, claims, mfa_token, second_step};
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn the_first_code_makes_it_count_and_the_session_says_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let elsewhere = ada.login("ada@example.com", PASSWORD).await;
        let (_, ada, done) = add_phone(&app, &ada).await;
        let claims = claims(&done["tokens"]["access_token"]);
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10);
        let held = ada.get("/auth/mfa").await.expect(200).json();
        assert_eq!((&held["factors"][0]["id"], &held["factors"][0]["kind"]), (&done["id"], &json!("totp")));
        assert_eq!(held["recovery_codes_left"], 10);
        // Begun without it.
        elsewhere.get("/auth/me").await.expect_problem(401, "invalid_token");
    }

    async fn a_wrong_code_confirms_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = Phone::of(&ada.post_empty("/auth/mfa/totp").await.expect(201).json());
        let body = json!({"id": phone.id, "code": phone.wrong_code(&app)});
        ada.post("/auth/mfa/totp/confirm", body).await.expect_problem(403, "wrong_code");
        crate::factors::first_step(&app, "ada").await.expect(200);
    }

    async fn the_code_that_confirmed_signs_nobody_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = Phone::of(&ada.post_empty("/auth/mfa/totp").await.expect(201).json());
        let code = phone.code(&app);
        let body = json!({"id": phone.id, "code": code});
        ada.post("/auth/mfa/totp/confirm", body).await.expect(200);
        let token = mfa_token(&app, "ada").await;
        second_step(&app, &token, &code).await.expect_problem(403, "wrong_code");
    }

    async fn another_user_s_app_is_not_there(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let phone = Phone::of(&ada.post_empty("/auth/mfa/totp").await.expect(201).json());
        let body = json!({"id": phone.id, "code": phone.code(&app)});
        eve.post("/auth/mfa/totp/confirm", body.clone()).await.expect_problem(404, "not_found");
        ada.post("/auth/mfa/totp/confirm", body.clone()).await.expect(200);
        ada.post("/auth/mfa/totp/confirm", body).await.expect_problem(404, "not_found");
    }

    async fn a_second_app_signs_in_as_well_and_ends_no_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (one, ada, _) = add_phone(&app, &ada).await;
        let (two, again, done) = add_phone(&app, &ada).await;
        assert_eq!(done.get("recovery_codes"), None, "those of the first one hold");
        ada.get("/auth/me").await.expect(200);
        again.get("/auth/me").await.expect(200);
        for phone in [&one, &two] {
            let token = mfa_token(&app, "ada").await;
            second_step(&app, &token, &phone.code(&app)).await.expect(200);
        }
        app.advance(Duration::from_mins(1));
    }
}
