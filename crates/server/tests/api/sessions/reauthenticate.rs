//! `POST /auth/reauthenticate`.

use std::time::Duration;

use serde_json::json;

use crate::both;
use crate::factors::{add_phone, claims, with_tokens};
use crate::support::TestApp;
use crate::support::authenticator::Authenticator;
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

    async fn every_change_of_how_somebody_signs_in_needs_a_recent_proof(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            crate::passkeys::take_passkeys(settings);
            settings.email_change = doorward::config::EmailChange::Immediate;
            settings.password_change = doorward::config::PasswordChange::Fresh;
        }).await;
        let ada = app.sign_up("ada").await;
        let made = Authenticator::synced().add_to(&ada, "Phone").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        app.advance(Duration::from_mins(10));
        let changes = [
            ("POST", "/auth/mfa/totp".to_owned(), json!({})),
            ("DELETE", format!("/auth/mfa/{}", phone.id), json!({})),
            ("POST", "/auth/mfa/recovery-codes".into(), json!({})),
            ("POST", "/auth/passkeys/options".into(), json!({})),
            ("DELETE", format!("/auth/passkeys/{}", made["id"].as_str().unwrap()), json!({})),
            ("POST", "/auth/keys".into(), json!({"name": "x", "scopes": ["tasks:read"]})),
            ("PATCH", "/auth/me".into(), json!({"email": "eve@example.com"})),
            ("PATCH", "/auth/me".into(), json!({"password": "another long pass phrase"})),
        ];
        let kind = [("content-type", "application/json")];
        for (method, path, body) in &changes {
            let reply = ada.raw(method, path, &kind, body.to_string()).await;
            let reply = reply.expect_problem(401, "insufficient_user_authentication");
            let message = reply.header("www-authenticate");
            assert!(message.contains("max_age=600") && message.contains("acr_values=\"aal2\""), "{path}: {message}");
        }
        let held = ada.get("/auth/mfa").await.expect(200).json();
        assert_eq!((held["factors"].as_array().unwrap().len(), &held["recovery_codes_left"]), (1, &json!(10)));
        assert_eq!(ada.get("/auth/passkeys").await.expect(200).json().as_array().unwrap().len(), 1);
        let tokens = ada.post("/auth/reauthenticate", json!({"code": phone.code(&app)})).await.expect(200);
        let ada = with_tokens(&ada, &tokens.json());
        for (method, path, body) in &changes {
            let reply = ada.raw(method, path, &kind, body.to_string()).await;
            assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.text());
        }
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
