//! What attackers try who have a password, a stolen token, or a user's own account here.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Phone, add_phone, first_step, mfa_token, required, second_step};
use crate::accounts::set_active;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

/// Every operation of the contract, as method and path with ids in the places of its parameters.
fn operations(app: &TestApp) -> Vec<(String, String)> {
    let document = app.app.document();
    let document: Value = serde_json::to_value(&document).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let mut all = Vec::new();
    for (path, item) in paths {
        let id = "01990000-0000-7000-8000-000000000000";
        let filled = path.replace("{id}", id).replace("{role}", "user").replace("{user_id}", id);
        for method in item.as_object().expect("an item").keys() {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                all.push((method.to_uppercase(), filled.clone()));
            }
        }
    }
    assert!(all.len() > 50, "{all:?}");
    all
}

/// Sends the token everywhere, as Bearer and in bodies, and asserts that nothing but `allowed` takes it.
pub(crate) async fn try_everywhere(app: &TestApp, token: &str, allowed: &[&str]) {
    let public = app.anonymous();
    let holder = public.with_token(token);
    let body = json!({"token": token, "refresh_token": token, "device_token": token, "new_password": "a longer new password"});
    for (method, path) in operations(app) {
        let kind = [("content-type", "application/json")];
        let with = holder.raw(&method, &path, &kind, body.to_string()).await;
        if allowed.contains(&path.as_str()) || with.status >= 400 {
            continue;
        }
        // What anybody may do with nonsense is no second step skipped.
        let nonsense = body.to_string().replace(token, "dwo_nonsense");
        let without = public.raw(&method, &path, &kind, nonsense).await;
        assert!(
            without.status < 400 && without.bytes == with.bytes,
            "{method} {path}: {}",
            with.text()
        );
    }
}

both! {
    async fn a_first_step_opens_no_route_of_the_contract(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        try_everywhere(&app, &token, &[]).await;
        second_step(&app, &token, &phone.code(&app)).await.expect(200);
    }

    async fn nor_does_the_first_step_of_a_form_or_of_a_mail(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.login_codes = true).await;
        let ada = app.sign_up("ada").await;
        let link = app.mails().await[0].after("verify?token=");
        app.anonymous().post("/auth/email/verify", json!({"token": link})).await.expect(204);
        let (phone, ..) = add_phone(&app, &ada).await;
        let fields = [("username", "ada@example.com"), ("password", PASSWORD)];
        let by_form = app.anonymous().post_form("/auth/login", &fields).await;
        app.anonymous().post("/auth/login/code", json!({"email": "ada@example.com"})).await.expect(202);
        let token = app.mails().await.last().unwrap().after("token=");
        let by_mail = app.anonymous().post("/auth/login/code/verify", json!({"token": token})).await;
        for asked in [by_form, by_mail] {
            let asked = asked.expect_problem(403, "mfa_required").json();
            assert!(asked.get("access_token").is_none() && asked.get("refresh_token").is_none(), "{asked}");
            let token = asked["mfa_token"].as_str().unwrap();
            // What anybody may ask for, which is never twice the same.
            try_everywhere(&app, token, &["/auth/login/passkey/options"]).await;
            second_step(&app, token, &phone.code(&app)).await.expect(200);
            app.advance(Duration::from_secs(30));
        }
    }

    async fn one_that_may_add_a_factor_opens_that_alone(engine: Engine) {
        let app = TestApp::with(engine, required).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        let token = mfa_token(&app, "ada").await;
        try_everywhere(&app, &token, &["/auth/mfa/totp"]).await;
        second_step(&app, &token, "123456").await.expect_problem(401, "invalid_token");
    }

    async fn a_factor_is_not_added_instead_of_being_used(engine: Engine) {
        let app = TestApp::with(engine, required).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/register", body).await.expect(201);
        // Eve knows the password, and keeps a first step from before Ada added her phone.
        let eve = app.anonymous().with_token(&mfa_token(&app, "ada").await);
        let waiting = Phone::of(&eve.post_empty("/auth/mfa/totp").await.expect(201).json());
        let ada = app.anonymous().with_token(&mfa_token(&app, "ada").await);
        let phone = Phone::of(&ada.post_empty("/auth/mfa/totp").await.expect(201).json());
        let body = json!({"id": phone.id, "code": phone.code(&app)});
        ada.post("/auth/mfa/totp/confirm", body).await.expect(200);
        let body = json!({"id": waiting.id, "code": waiting.code(&app)});
        eve.post("/auth/mfa/totp/confirm", body).await.expect_problem(401, "invalid_token");
        eve.post_empty("/auth/mfa/totp").await.expect_problem(401, "invalid_token");
        // A first step that has to use a factor adds none either.
        let eve = app.anonymous().with_token(&mfa_token(&app, "ada").await);
        eve.post_empty("/auth/mfa/totp").await.expect_problem(401, "invalid_token");
    }

    async fn a_code_of_another_user_s_phone_opens_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        add_phone(&app, &ada).await;
        let (phone, ..) = add_phone(&app, &eve).await;
        let token = mfa_token(&app, "ada").await;
        second_step(&app, &token, &phone.code(&app)).await.expect_problem(403, "wrong_code");
    }

    async fn a_session_from_before_the_first_factor_ends_with_its_refresh_token(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let stolen = ada.login("ada@example.com", PASSWORD).await;
        add_phone(&app, &ada).await;
        stolen.get("/auth/me").await.expect_problem(401, "invalid_token");
        let body = json!({"refresh_token": stolen.refresh_token});
        app.anonymous().post("/auth/refresh", body).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn a_session_of_one_factor_is_not_refreshed_once_two_are_asked_for(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let strict = TestApp::over(&app.url, app.clock.clone(), 3, required).await;
        let body = json!({"refresh_token": ada.refresh_token});
        let reply = strict.anonymous().post("/auth/refresh", body).await;
        let reply = reply.expect_problem(401, "insufficient_user_authentication");
        assert!(reply.header("www-authenticate").contains("acr_values=\"aal2\""));
        assert!(reply.json().get("access_token").is_none());
    }

    async fn registering_signs_nobody_in_where_a_factor_is_needed(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            required(settings);
            settings.registration_signs_in = true;
        }).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let made = app.anonymous().post("/auth/register", body).await.expect(201).json();
        assert!(made.get("access_token").is_none(), "{made}");
    }

    async fn a_new_password_ends_the_sign_ins_that_wait(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ada, _) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        let body = json!({"current_password": PASSWORD, "new_password": "an entirely new password"});
        ada.post("/auth/password", body).await.expect(204);
        second_step(&app, &token, &phone.code(&app)).await.expect_problem(401, "invalid_token");
    }

    async fn somebody_disabled_between_the_steps_stays_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        set_active(&app, "ada@example.com", false).await;
        second_step(&app, &token, &phone.code(&app)).await.expect_problem(403, "account_disabled");
    }

    async fn a_wrong_password_tells_nothing_of_factors(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        add_phone(&app, &ada).await;
        let wrong = async |email: &str| {
            let body = json!({"email": email, "password": "the wrong password"});
            let reply = app.anonymous().post("/auth/login", body).await;
            let mut body = reply.expect_problem(401, "invalid_credentials").json();
            body["request_id"] = Value::Null;
            body
        };
        assert_eq!(wrong("ada@example.com").await, wrong("nobody@example.com").await);
    }

    async fn the_password_of_a_session_of_one_factor_changes_no_factor(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, ..) = add_phone(&app, &ada).await;
        // A server whose settings turn factors off lets one factor in; one that has them on does not let
        // that session remove any.
        let lax = TestApp::over(&app.url, app.clock.clone(), 4, |settings| {
            settings.mfa = doorward::config::MfaPolicy::Off;
        }).await;
        let eve = lax.anonymous().login("ada@example.com", PASSWORD).await;
        let eve = app.anonymous().with_token(eve.token.as_ref().unwrap());
        eve.get("/auth/me").await.expect(200);
        let path = format!("/auth/mfa/{}", phone.id);
        eve.delete(&path).await.expect_problem(401, "insufficient_user_authentication");
        eve.post_empty("/auth/mfa/totp").await.expect_problem(401, "insufficient_user_authentication");
        let reply = eve.post_empty("/auth/mfa/recovery-codes").await;
        reply.expect_problem(401, "insufficient_user_authentication");
    }

    async fn wrong_codes_of_a_stolen_session_wait_in_that_session_alone(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let (phone, stolen, _) = add_phone(&app, &ada).await;
        let token = mfa_token(&app, "ada").await;
        let own = second_step(&app, &token, &phone.code(&app)).await.expect(200).json();
        let own = crate::factors::with_tokens(&ada, &own);
        app.advance(Duration::from_mins(1));
        let again = async |client: &Client, code: String| {
            client.post("/auth/reauthenticate", json!({"code": code})).await
        };
        for _ in 0..5 {
            again(&stolen, phone.wrong_code(&app)).await.expect_problem(403, "wrong_code");
        }
        again(&stolen, phone.code(&app)).await.expect_problem(429, "rate_limited");
        again(&own, phone.code(&app)).await.expect(200);
    }

    async fn a_password_alone_still_answers_alike_after_many_first_steps(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        add_phone(&app, &ada).await;
        // A right password is no guess: the owner who stops at the code is not kept waiting.
        for _ in 0..20 {
            first_step(&app, "ada").await.expect_problem(403, "mfa_required");
        }
    }
}
