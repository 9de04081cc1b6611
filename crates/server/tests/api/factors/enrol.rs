//! `POST /auth/mfa/totp`.

use std::time::Duration;

use serde_json::json;

use super::{Phone, add_phone, first_step, mfa_token, required, with_tokens};
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn adding_an_app_shows_its_secret_once_and_nothing_counts_before_a_code(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let made = ada.post("/auth/mfa/totp", json!({"name": "Phone"})).await.expect(201);
        assert_eq!(made.header("location"), "/auth/mfa");
        assert_eq!(made.header("cache-control"), "no-store");
        let made = made.json();
        let secret = made["secret"].as_str().unwrap();
        assert_eq!(secret.len(), 32, "160 bits in base32");
        let url = made["otpauth_url"].as_str().unwrap();
        assert!(url.starts_with("otpauth://totp/Doorward:ada%40example.com?secret="), "{url}");
        assert!(url.contains(secret) && url.contains("&issuer=Doorward&"), "{url}");
        assert!(made["qr_svg"].as_str().unwrap().contains("<svg"));
        first_step(&app, "ada").await.expect(200);
        let held = ada.get("/auth/mfa").await.expect(200);
        assert_eq!(held.json(), json!({"factors": [], "recovery_codes_left": 0}));
        assert!(!held.text().contains(secret));
    }

    async fn the_database_holds_no_secret(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let made = ada.post_empty("/auth/mfa/totp").await.expect(201).json();
        let bytes = totp_rs::Secret::try_from_base32(made["secret"].as_str().unwrap()).unwrap();
        let held = crate::factors::sealed_secrets(&app).await;
        assert_eq!(held.len(), 1);
        assert!(!held[0].windows(20).any(|part| part == bytes.as_ref()));
    }

    async fn a_second_one_begun_takes_the_place_of_one_that_waits(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let first = Phone::of(&ada.post_empty("/auth/mfa/totp").await.expect(201).json());
        let second = Phone::of(&ada.post_empty("/auth/mfa/totp").await.expect(201).json());
        let confirm = async |phone: &Phone| {
            let body = json!({"id": phone.id, "code": phone.code(&app)});
            ada.post("/auth/mfa/totp/confirm", body).await
        };
        confirm(&first).await.expect_problem(404, "not_found");
        confirm(&second).await.expect(200);
    }

    async fn an_account_has_only_so_many(engine: Engine) {
        let app = TestApp::start(engine).await;
        let mut ada = app.sign_up("ada").await;
        for _ in 0..20 {
            (_, ada, _) = add_phone(&app, &ada).await;
            // Not so long that the sign-in is none of the last minutes.
        }
        ada.post_empty("/auth/mfa/totp").await.expect_problem(409, "too_many_factors");
    }

    async fn a_sign_in_of_long_ago_adds_nothing_until_the_owner_proves_themselves(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(10));
        let reply = ada.post_empty("/auth/mfa/totp").await;
        let reply = reply.expect_problem(401, "insufficient_user_authentication");
        let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=600";
        assert_eq!(reply.header("www-authenticate"), challenge);
        // Refreshing is no sign-in.
        let tokens = ada.post("/auth/refresh", json!({"refresh_token": ada.refresh_token})).await.expect(200);
        let refreshed = with_tokens(&ada, &tokens.json());
        refreshed.post_empty("/auth/mfa/totp").await.expect_problem(401, "insufficient_user_authentication");
        let tokens = refreshed.post("/auth/reauthenticate", json!({"password": PASSWORD})).await.expect(200);
        with_tokens(&ada, &tokens.json()).post_empty("/auth/mfa/totp").await.expect(201);
    }

    async fn where_a_factor_is_needed_the_mfa_token_adds_the_first_one_and_signs_in(engine: Engine) {
        let app = TestApp::with(engine, required).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        let asked = first_step(&app, "ada").await.expect_problem(403, "mfa_required").json();
        assert_eq!((&asked["methods"], &asked["enrol"]), (&json!([]), &json!(["totp"])));
        let waiting = app.anonymous().with_token(asked["mfa_token"].as_str().unwrap());
        let phone = Phone::of(&waiting.post_empty("/auth/mfa/totp").await.expect(201).json());
        let body = json!({"id": phone.id, "code": phone.code(&app)});
        let done = waiting.post("/auth/mfa/totp/confirm", body.clone()).await.expect(200).json();
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10);
        let ada = with_tokens(&app.anonymous(), &done["tokens"]);
        ada.get("/auth/me").await.expect(200);
        assert_eq!(crate::factors::claims(&done["tokens"]["access_token"])["acr"], "aal2");
        // Used up, as is the code.
        waiting.post("/auth/mfa/totp/confirm", body).await.expect_problem(401, "invalid_token");
        app.advance(Duration::from_mins(1));
        let token = mfa_token(&app, "ada").await;
        crate::factors::second_step(&app, &token, &phone.code(&app)).await.expect(200);
    }

    async fn the_routes_say_so_where_factors_are_off(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.mfa = doorward::config::MfaPolicy::Off;
        }).await;
        let ada = app.sign_up("ada").await;
        ada.post_empty("/auth/mfa/totp").await.expect_problem(404, "mfa_off");
        ada.post_empty("/auth/mfa/recovery-codes").await.expect_problem(404, "mfa_off");
        crate::factors::second_step(&app, "dwo_x", "123456").await.expect_problem(404, "mfa_off");
        let body = json!({"id": ada.user["id"], "code": "123456"});
        ada.post("/auth/mfa/totp/confirm", body).await.expect_problem(404, "mfa_off");
    }
}
