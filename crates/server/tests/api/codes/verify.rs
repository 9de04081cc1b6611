//! `POST /auth/login/code/verify`: what the code and the link open, once.

use std::time::Duration;

use doorward::config::{Registration, UnverifiedEmail};
use serde_json::json;

use super::{mailed, refused, verify, with_codes};
use crate::accounts::{set_active, sql};
use crate::both;
use crate::factors::add_phone;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn the_code_signs_in_once_and_proves_the_address(engine: Engine) {
        let app = with_codes(engine).await;
        let client = app.anonymous();
        for what in ["code", "link"] {
            let mailed = mailed(&app, &client, "ada@example.com").await;
            let body = if what == "code" { mailed.by_code() } else { mailed.by_link() };
            let tokens = verify(&client, body.clone()).await.expect(200);
            assert_eq!(tokens.header("cache-control"), "no-store");
            let tokens = tokens.json();
            assert_eq!(tokens["token_type"], "bearer");
            assert_eq!(tokens["user"]["email_verified"], true);
            let ada = client.with_token(tokens["access_token"].as_str().unwrap());
            assert_eq!(ada.get("/auth/me").await.expect(200).json()["email_verified"], true);
            let refresh = json!({"refresh_token": tokens["refresh_token"]});
            client.post("/auth/refresh", refresh).await.expect(200);
            refused(verify(&client, mailed.by_code()).await);
            verify(&client, mailed.by_link()).await.expect_problem(400, "invalid_link");
        }
    }

    async fn with_open_registration_the_account_is_made_when_the_code_is_proved_and_not_before(engine: Engine) {
        for registration in [Registration::Open, Registration::Verified] {
            let app = TestApp::with_mail(engine, |settings| {
                settings.login_codes = true;
                settings.registration = registration;
            })
            .await;
            let client = app.anonymous();
            let mailed = mailed(&app, &client, "Grace@Example.com").await;
            refused(verify(&client, mailed.guess(1)).await);
            let before: Vec<i64> = sql(&app, "SELECT count(*) FROM users").await;
            assert_eq!(before, [0]);
            let user = verify(&client, mailed.by_code()).await.expect(200).json()["user"].clone();
            assert_eq!(user["email"], "Grace@Example.com");
            assert_eq!((&user["email_verified"], &user["roles"]), (&json!(true), &json!(["user"])));
            // Nobody knows a password of it; one can be set by mail.
            let login = json!({"email": "grace@example.com", "password": PASSWORD});
            client.post("/auth/login", login).await.expect(401);
            client.post("/auth/password/forgot", json!({"email": "grace@example.com"})).await.expect(202);
            let token = app.mails().await[0].after("token=");
            let reset = json!({"token": token, "new_password": PASSWORD});
            client.post("/auth/password/reset", reset).await.expect(204);
            client.login("grace@example.com", PASSWORD).await;
        }
    }

    async fn whoever_registered_the_address_before_its_owner_is_out(engine: Engine) {
        let app = with_codes(engine).await;
        let thief = app.sign_up("ada").await;
        app.mails().await;
        let client = app.anonymous();
        let ada = mailed(&app, &client, "ada@example.com").await;
        verify(&client, ada.by_code()).await.expect(200);
        thief.get("/auth/me").await.expect(401);
        let refresh = json!({"refresh_token": thief.refresh_token});
        client.post("/auth/refresh", refresh).await.expect(401);
        let login = json!({"email": "ada@example.com", "password": PASSWORD});
        client.post("/auth/login", login).await.expect(401);
    }

    /// Whoever registered somebody else's address would else keep its owner out for good.
    async fn an_app_that_was_added_before_the_address_was_proven_goes(engine: Engine) {
        let app = with_codes(engine).await;
        let thief = app.sign_up("ada").await;
        add_phone(&app, &thief).await;
        app.mails().await;
        let client = app.anonymous();
        let ada = mailed(&app, &client, "ada@example.com").await;
        let tokens = verify(&client, ada.by_code()).await.expect(200).json();
        let ada = client.with_token(tokens["access_token"].as_str().unwrap());
        let held = ada.get("/auth/mfa").await.expect(200).json();
        assert_eq!((held["factors"].as_array().unwrap().len(), &held["recovery_codes_left"]), (0, &json!(0)));
    }

    async fn a_proven_account_keeps_its_password_and_sessions(engine: Engine) {
        let app = with_codes(engine).await;
        let ada = app.sign_up("ada").await;
        let token = app.mails().await[0].after("token=");
        ada.post("/auth/email/verify", json!({"token": token})).await.expect(204);
        let before = ada.get("/auth/me").await.json();
        let client = app.anonymous();
        let code = mailed(&app, &client, "ada@example.com").await;
        verify(&client, code.by_code()).await.expect(200);
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), before);
        client.login("ada@example.com", PASSWORD).await;
    }

    async fn an_unproven_address_is_no_hindrance_where_signing_in_needs_a_proven_one(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            settings.login_codes = true;
            settings.unverified_email = UnverifiedEmail::Refused;
        })
        .await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body.clone()).await.expect(201);
        app.mails().await;
        app.anonymous().post("/auth/login", body).await.expect_problem(403, "email_not_verified");
        let code = mailed(&app, &app.anonymous(), "ada@example.com").await;
        verify(&app.anonymous(), code.by_code()).await.expect(200);
    }

    async fn a_disabled_account_is_refused_as_at_a_password_and_the_code_is_kept(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let code = mailed(&app, &app.anonymous(), "ada@example.com").await;
        set_active(&app, "ada@example.com", false).await;
        verify(&app.anonymous(), code.by_code()).await.expect_problem(403, "account_disabled");
        verify(&app.anonymous(), code.by_link()).await.expect_problem(403, "account_disabled");
        set_active(&app, "ada@example.com", true).await;
        verify(&app.anonymous(), code.by_code()).await.expect(200);
    }

    async fn a_code_and_its_link_work_for_ten_minutes(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let code = mailed(&app, &app.anonymous(), "ada@example.com").await;
        app.advance(Duration::from_mins(10));
        refused(verify(&app.anonymous(), code.by_code()).await);
        verify(&app.anonymous(), code.by_link()).await.expect_problem(400, "invalid_link");
        let code = mailed(&app, &app.anonymous(), "ada@example.com").await;
        app.advance(Duration::from_secs(599));
        verify(&app.anonymous(), code.by_code()).await.expect(200);
    }

    async fn the_code_is_taken_as_people_type_it(engine: Engine) {
        let app = with_codes(engine).await;
        let mut code = mailed(&app, &app.anonymous(), "ada@example.com").await;
        code.code.insert(3, ' ');
        verify(&app.anonymous(), code.by_code()).await.expect(200);
    }

    async fn half_of_a_body_and_both_halves_are_refused_by_name(engine: Engine) {
        let app = with_codes(engine).await;
        for (body, field) in [
            (json!({}), "email"),
            (json!({"code": "123456"}), "email"),
            (json!({"email": "ada@example.com"}), "code"),
            (json!({"email": "ada@example.com", "code": "12345"}), "code"),
            (json!({"email": "ada@example.com", "code": 123_456}), "code"),
            (json!({"email": "ada@example.com", "code": "123456", "token": "dwo_x"}), "token"),
            (json!({"email": "ada@example.com", "code": "123456", "challenge": "x".repeat(500)}), "challenge"),
        ] {
            let reply = verify(&app.anonymous(), body.clone()).await.expect_problem(422, "validation");
            assert_eq!(reply.json()["errors"][0]["loc"], json!(["body", field]), "{body}");
        }
    }

    async fn what_happened_is_in_the_audit_log(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let code = mailed(&app, &app.anonymous(), "ada@example.com").await;
        refused(verify(&app.anonymous(), code.guess(1)).await);
        verify(&app.anonymous(), code.by_code()).await.expect(200);
        app.app.audit.flush().await;
        let kept: Vec<String> = sql(
            &app,
            "SELECT event || ' ' || outcome || ' ' || coalesce(detail, '-') FROM audit_log \
             WHERE event LIKE 'login%' AND detail IS NOT NULL OR event = 'login.code_ask' \
             ORDER BY outcome, event",
        )
        .await;
        assert_eq!(kept, ["login failure code", "login success code", "login.code_ask success -"]);
    }
}
