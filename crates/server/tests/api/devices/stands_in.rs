//! What a trusted device stands for, and for how long.

use std::time::Duration;

use serde_json::{Value, json};

use super::{MONTH, device_token, inside, remembered, sign_in, trust, trusting, with_ada};
use crate::both;
use crate::factors::{add_phone, bytes, claims, mfa_token, required, second_step, with_tokens};
use crate::support::TestApp;
use crate::support::authenticator::Authenticator;
use crate::support::client::PASSWORD;

both! {
    async fn its_password_alone_signs_in_and_the_tokens_say_what_happened(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let answer = remembered(&app, &phone, "ada").await;
        assert_eq!(answer["device_expires_in"], 30 * 24 * 60 * 60);
        assert_eq!(claims(&answer["access_token"])["amr"], json!(["pwd", "otp", "mfa"]));
        let device = device_token(&answer);
        assert!(device.starts_with("dwd_") && device.len() == 47, "{device}");
        let mut tokens = sign_in(&app, "ada", &device).await.expect(200).json();
        assert!(tokens.get("device_token").is_none(), "handed out once: {tokens}");
        for _ in 0..2 {
            let claims = claims(&tokens["access_token"]);
            assert_eq!(claims["amr"], json!(["pwd", "trusted_device"]));
            assert_eq!(claims["acr"], "aal1");
            let body = json!({"refresh_token": tokens["refresh_token"]});
            tokens = app.anonymous().post("/auth/refresh", body).await.expect(200).json();
        }
        let root = app.admin("root").await;
        assert_eq!(app.audited(&root, "device.trust").await.len(), 1);
        let signed_in = app.audited(&root, "login").await;
        assert!(signed_in.iter().any(|it| it["detail"] == "pwd trusted_device"), "{signed_in:?}");
        // Without it, the second step is asked for as before.
        second_step(&app, &mfa_token(&app, "ada").await, &phone.code(&app)).await.expect(200);
    }

    async fn it_never_stands_for_a_recent_proof(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let ada = inside(&app, &trust(&app, &phone, "ada").await).await;
        let stale = "insufficient_user_authentication";
        ada.delete(&format!("/auth/mfa/{}", phone.id)).await.expect_problem(401, stale);
        ada.post_empty("/auth/mfa/totp").await.expect_problem(401, stale);
        ada.post_empty("/auth/mfa/recovery-codes").await.expect_problem(401, stale);
        let key = json!({"name": "x", "scopes": ["tasks:read"]});
        ada.post("/auth/keys", key).await.expect_problem(401, stale);
        let again = ada.post("/auth/reauthenticate", json!({"password": PASSWORD})).await;
        again.expect_problem(401, stale);
        // The factor itself does.
        let again = ada.post("/auth/reauthenticate", json!({"code": phone.code(&app)})).await;
        let tokens = again.expect(200).json();
        assert_eq!(claims(&tokens["access_token"])["acr"], "aal2");
        with_tokens(&ada, &tokens).delete(&format!("/auth/mfa/{}", phone.id)).await.expect(204);
    }

    async fn where_a_factor_is_required_it_stands_for_one_that_there_is_and_for_no_new_one(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            required(settings);
            trusting(settings);
        }).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        let waiting = app.anonymous().with_token(&mfa_token(&app, "ada").await);
        let (phone, ..) = add_phone(&app, &waiting).await;
        let device = trust(&app, &phone, "ada").await;
        let ada = inside(&app, &device).await;
        let body = json!({"refresh_token": ada.refresh_token});
        app.anonymous().post("/auth/refresh", body.clone()).await.expect(200);
        // Once the operator resets the factors, one is to be added, whatever the device holds.
        let by = doorward::audit::Actor::operator();
        let id = claims(&json!(ada.token))["sub"].as_str().unwrap().parse().unwrap();
        app.app.factors().reset(&by, id).await.unwrap();
        let asked = sign_in(&app, "ada", &device).await.expect_problem(403, "mfa_required").json();
        assert_eq!(asked["enrol"], json!(["totp"]));
    }

    async fn off_is_the_default_and_ends_what_was_trusted_before(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        let ada = inside(&app, &device).await;
        let strict = TestApp::over(&app.url, app.clock.clone(), 5, required).await;
        sign_in(&strict, "ada", &device).await.expect_problem(403, "mfa_required");
        let body = json!({"refresh_token": ada.refresh_token});
        let reply = strict.anonymous().post("/auth/refresh", body).await;
        reply.expect_problem(401, "insufficient_user_authentication");
        let token = mfa_token(&strict, "ada").await;
        let body = json!({"mfa_token": token, "code": phone.code(&app), "remember_device": true});
        let tokens = strict.anonymous().post("/auth/mfa/verify", body).await.expect(200).json();
        assert!(tokens.get("device_token").is_none(), "{tokens}");
    }

    async fn after_thirty_days_it_is_over_however_often_it_was_used(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        for _ in 0..3 {
            app.advance(MONTH / 4);
            inside(&app, &device).await;
        }
        app.advance((MONTH / 4).saturating_sub(Duration::from_secs(31)));
        let ada = inside(&app, &device).await;
        app.advance(Duration::from_secs(1));
        sign_in(&app, "ada", &device).await.expect_problem(403, "mfa_required");
        assert_eq!(ada.get("/auth/devices").await.expect(200).json(), json!([]));
        assert_eq!(bytes(&app, "SELECT digest AS bytes FROM trusted_devices").await.len(), 1);
        app.app.sessions().prune().await.unwrap();
        assert!(bytes(&app, "SELECT digest AS bytes FROM trusted_devices").await.is_empty());
    }

    async fn the_database_holds_no_token(engine: Engine) {
        let (app, phone, _) = with_ada(engine).await;
        let device = trust(&app, &phone, "ada").await;
        let held = bytes(&app, "SELECT digest AS bytes FROM trusted_devices").await;
        assert_eq!((held.len(), held[0].len()), (1, 32));
        let random = crate::support::authenticator::decoded(&json!(device[4..]));
        assert_ne!(held[0], random);
    }

    async fn a_form_and_a_code_from_a_mail_take_it_too(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            trusting(settings);
            settings.login_codes = true;
        }).await;
        let ada = app.sign_up("ada").await;
        let link = app.mails().await[0].after("verify?token=");
        app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        let (phone, ..) = add_phone(&app, &ada).await;
        let device = trust(&app, &phone, "ada").await;
        let form = [("username", "ada@example.com"), ("password", PASSWORD), ("device_token", &*device)];
        app.anonymous().post_form("/auth/login", &form).await.expect(200);
        let ask = json!({"email": "ada@example.com"});
        app.anonymous().post("/auth/login/code", ask).await.expect(202);
        let token = app.mails().await.last().unwrap().after("token=");
        let body = json!({"token": token, "device_token": device});
        let tokens = app.anonymous().post("/auth/login/code/verify", body).await.expect(200).json();
        assert_eq!(claims(&tokens["access_token"])["amr"], json!(["otp", "trusted_device"]));
    }

    async fn a_passkey_as_second_step_can_trust_a_device_and_one_alone_cannot(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            trusting(settings);
            crate::passkeys::take_passkeys(settings);
        }).await;
        let ada = app.sign_up("ada").await;
        let mut one = Authenticator::synced();
        one.add_to(&ada, "Phone").await;
        let mut answer = async |first: Option<String>| -> Value {
            let options = app.anonymous().post_empty("/auth/login/passkey/options").await.json();
            let credential = one.get(&options);
            let mut body = json!({"ceremony": options["ceremony"], "credential": credential, "remember_device": true});
            if let Some(token) = first {
                body["mfa_token"] = json!(token);
            }
            app.anonymous().post("/auth/login/passkey", body).await.expect(200).json()
        };
        let alone = answer(None).await;
        assert!(alone.get("device_token").is_none(), "{alone}");
        let device = device_token(&answer(Some(mfa_token(&app, "ada").await)).await);
        let tokens = sign_in(&app, "ada", &device).await.expect(200).json();
        assert_eq!(claims(&tokens["access_token"])["amr"], json!(["pwd", "trusted_device"]));
    }
}
