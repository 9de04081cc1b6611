//! `POST /auth/mfa/verify`.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{add_phone, claims, first_step, mfa_token, second_step};
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn a_sign_in_with_a_factor_takes_two_steps(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let asked = first_step(&app, "ada").await.expect_problem(403, "mfa_required").json();
        assert_eq!(asked["methods"], json!(["recovery_code", "totp"]));
        assert_eq!((&asked["expires_in"], &asked["enrol"]), (&json!(300), &json!(null)));
        assert!(asked.get("access_token").is_none() && asked.get("refresh_token").is_none(), "{asked}");
        let token = asked["mfa_token"].as_str().unwrap();
        let tokens = second_step(&app, token, &phone.code(&app)).await.expect(200).json();
        let claims = claims(&tokens["access_token"]);
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        ada.with_token(tokens["access_token"].as_str().unwrap()).get("/auth/me").await.expect(200);
    }

    async fn a_form_sign_in_says_it_in_oauth_s_terms(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let fields = [("username", "ada@example.com"), ("password", PASSWORD), ("grant_type", "password")];
        let asked = app.anonymous().post_form("/auth/login", &fields).await;
        let asked = asked.expect_problem(403, "mfa_required").json();
        assert_eq!(asked["error"], "mfa_required");
        assert!(asked["error_description"].is_string());
        let token = asked["mfa_token"].as_str().unwrap();
        second_step(&app, token, &phone.code(&app)).await.expect(200);
    }

    async fn refreshing_keeps_what_was_proven_and_when(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        let mut tokens = second_step(&app, &token, &phone.code(&app)).await.expect(200).json();
        let first = claims(&tokens["access_token"]);
        for _ in 0..3 {
            app.advance(Duration::from_hours(30));
            let body = json!({"refresh_token": tokens["refresh_token"]});
            // One process that remembers the session, and one that does not.
            tokens = app.replica().await.anonymous().post("/auth/refresh", body).await.expect(200).json();
            let later = claims(&tokens["access_token"]);
            for name in ["amr", "acr", "auth_time"] {
                assert_eq!(later[name], first[name], "{name}");
            }
            let body = json!({"refresh_token": tokens["refresh_token"]});
            tokens = app.anonymous().post("/auth/refresh", body).await.expect(200).json();
            assert_eq!(claims(&tokens["access_token"])["auth_time"], first["auth_time"]);
        }
    }

    async fn a_code_works_once_also_on_another_server_and_those_before_it_no_more(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let other = app.replica().await;
        let (one, two) = (mfa_token(&app, "ada").await, mfa_token(&app, "ada").await);
        second_step(&app, &one, &phone.code(&app)).await.expect(200);
        for app in [&app, &other] {
            second_step(app, &two, &phone.code(app)).await.expect_problem(403, "wrong_code");
            second_step(app, &two, &phone.code_at(app, -1)).await.expect_problem(403, "wrong_code");
        }
        app.advance(Duration::from_secs(30));
        second_step(&other, &two, &phone.code(&app)).await.expect(200);
    }

    async fn of_ten_parallel_uses_of_a_code_one_signs_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let other = app.replica().await;
        let mut tokens = Vec::new();
        for _ in 0..10 {
            tokens.push(mfa_token(&app, "ada").await);
        }
        let code = phone.code(&app);
        let uses = tokens.iter().enumerate().map(|(number, token)| {
            second_step(if number % 2 == 0 { &app } else { &other }, token, &code)
        });
        let statuses: Vec<u16> = join_all(uses).await.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        let live = ada.with_token(&login_again(&app, &phone).await).get("/auth/sessions").await.json();
        // The one that added the app, the winner's, and this one.
        assert_eq!(live.as_array().unwrap().len(), 3, "{live}");
    }

    async fn an_mfa_token_works_once_and_five_minutes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        second_step(&app, &token, &phone.code(&app)).await.expect(200);
        app.advance(Duration::from_mins(1));
        second_step(&app, &token, &phone.code(&app)).await.expect_problem(401, "invalid_token");
        let token = mfa_token(&app, "ada").await;
        app.advance(Duration::from_mins(5));
        second_step(&app, &token, &phone.code(&app)).await.expect_problem(401, "invalid_token");
        for nonsense in ["", "dwo_", "dwo_AAAA", "ä"] {
            second_step(&app, nonsense, &phone.code(&app)).await.expect_problem(401, "invalid_token");
        }
    }

    async fn after_five_wrong_codes_even_the_right_one_waits_and_live_sessions_go_on(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let other = app.replica().await;
        let token = mfa_token(&app, "ada").await;
        for number in 0..5 {
            let app = if number % 2 == 0 { &app } else { &other };
            second_step(app, &token, &phone.wrong_code(app)).await.expect_problem(403, "wrong_code");
        }
        for app in [&app, &other] {
            let reply = second_step(app, &token, &phone.code(app)).await;
            let reply = reply.expect_problem(429, "rate_limited");
            assert_eq!(reply.header("retry-after"), "30");
        }
        // Signing in anew with the right password counts nothing from zero.
        let token = mfa_token(&app, "ada").await;
        second_step(&app, &token, &phone.code(&app)).await.expect_problem(429, "rate_limited");
        ada.get("/auth/me").await.expect(200);
        app.advance(Duration::from_secs(30));
        second_step(&app, &token, &phone.code(&app)).await.expect(200);
    }

    async fn whoever_has_the_password_cannot_keep_the_owner_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (home, away) = (app.anonymous().from("192.0.2.1"), app.anonymous().from("198.51.100.9"));
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let verify = async |client: &crate::support::Client, code: String| {
            let body = json!({"email": "ada@example.com", "password": PASSWORD});
            let asked = client.post("/auth/login", body).await.expect_problem(403, "mfa_required").json();
            client.post("/auth/mfa/verify", json!({"mfa_token": asked["mfa_token"], "code": code})).await
        };
        verify(&home, phone.code(&app)).await.expect(200);
        for _ in 0..5 {
            verify(&away, phone.wrong_code(&app)).await.expect_problem(403, "wrong_code");
        }
        app.advance(Duration::from_secs(1));
        verify(&away, phone.wrong_code(&app)).await.expect_problem(429, "rate_limited");
        app.advance(Duration::from_secs(29));
        verify(&home, phone.code(&app)).await.expect(200);
    }

    async fn one_code_is_asked_for_and_not_both(engine: Engine) {
        let app = TestApp::start(engine).await;
        let body = json!({"mfa_token": "dwo_x"});
        let reply = app.anonymous().post("/auth/mfa/verify", body).await;
        let reply = reply.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"][0]["loc"], json!(["body", "code"]));
        let body = json!({"mfa_token": "dwo_x", "code": "123456", "recovery_code": "0a1b-2c3d-4e5f-6g7h"});
        app.anonymous().post("/auth/mfa/verify", body).await.expect_problem(422, "validation");
        let body = json!({"mfa_token": "dwo_x", "code": "12345"});
        app.anonymous().post("/auth/mfa/verify", body).await.expect_problem(422, "validation");
    }
}

async fn login_again(app: &TestApp, phone: &super::Phone) -> String {
    app.advance(Duration::from_mins(1));
    let token = mfa_token(app, "ada").await;
    let tokens = second_step(app, &token, &phone.code(app)).await.expect(200).json();
    tokens["access_token"].as_str().expect("a token").to_owned()
}
