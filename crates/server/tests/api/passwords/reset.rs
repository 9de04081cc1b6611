//! `POST /auth/password/reset`: the link works once, for one account as it was, and ends every other way in.

use std::time::Duration;

use serde_json::json;

use crate::accounts::{set_active, sql};
use crate::both;
use crate::factors::add_phone;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const NEW: &str = "seven green bicycles sing";

/// Asks for a link to Ada's account, and reads her mail.
pub(crate) async fn token(app: &TestApp) -> String {
    app.mails().await;
    let body = json!({"email": "ada@example.com"});
    app.anonymous().post("/auth/password/forgot", body).await.expect(202);
    app.mails().await[0].after("token=")
}

/// Uses the link.
pub(crate) async fn reset(app: &TestApp, token: &str, password: &str) -> Reply {
    let body = json!({"token": token, "new_password": password});
    app.anonymous().post("/auth/password/reset", body).await
}

async fn login(client: &Client, password: &str) -> Reply {
    let body = json!({"email": "ada@example.com", "password": password});
    client.post("/auth/login", body).await
}

both! {
    async fn a_link_sets_the_password_ends_every_session_and_proves_the_address(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let phone = ada.login("ada@example.com", PASSWORD).await;
        let token = token(&app).await;
        reset(&app, &token, NEW).await.expect(204);
        for session in [&ada, &phone] {
            session.get("/auth/me").await.expect_problem(401, "invalid_token");
            let refresh = json!({"refresh_token": session.refresh_token});
            app.anonymous().post("/auth/refresh", refresh).await.expect(401);
        }
        login(&ada, PASSWORD).await.expect_problem(401, "invalid_credentials");
        let me = ada.login("ada@example.com", NEW).await.get("/auth/me").await.expect(200);
        assert_eq!(me.json()["email_verified"], true);
        let reply = reset(&app, &token, "another good one here").await;
        let detail = reply.expect_problem(400, "invalid_link").json()["detail"].to_string();
        assert!(detail.contains("already been used"), "{detail}");
    }

    async fn an_app_goes_that_was_added_before_the_address_was_proven_and_no_later_one(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        add_phone(&app, &app.sign_up("ada").await).await;
        app.mails().await;
        reset(&app, &token(&app).await, NEW).await.expect(204);
        let ada = app.anonymous().login("ada@example.com", NEW).await;
        add_phone(&app, &ada).await;
        reset(&app, &token(&app).await, "another long password").await.expect(204);
        let body = json!({"email": "ada@example.com", "password": "another long password"});
        app.anonymous().post("/auth/login", body).await.expect_problem(403, "mfa_required");
    }

    async fn of_ten_uses_at_once_one_wins(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = token(&app).await;
        let passwords: Vec<_> = (0..10).map(|number| format!("{NEW} {number}")).collect();
        let uses = passwords.iter().map(|password| reset(&app, &token, password));
        let replies = futures_util::future::join_all(uses).await;
        let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![204], vec![400; 9]].concat());
        let mut right = 0;
        for password in &passwords {
            right += i32::from(login(&app.anonymous(), password).await.status == 200);
        }
        assert_eq!(right, 1);
    }

    async fn the_policy_is_that_of_every_new_password_and_a_refusal_uses_nothing(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = token(&app).await;
        for bad in ["short", "password1", "doorward2026", "ada@example.com", "ADA@example.com"] {
            let problem = reset(&app, &token, bad).await.expect_problem(422, "validation").json();
            assert_eq!(problem["errors"][0]["loc"], json!(["body", "new_password"]), "{problem}");
            assert!(!problem.to_string().contains(&token));
        }
        reset(&app, &token, NEW).await.expect(204);
    }

    async fn a_link_is_bound_to_the_password_it_was_made_for(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = token(&app).await;
        let body = json!({"current_password": PASSWORD, "new_password": NEW});
        ada.post("/auth/password", body).await.expect(204);
        reset(&app, &token, "another good one here").await.expect_problem(400, "invalid_link");
        login(&ada, NEW).await.expect(200);
    }

    async fn a_reset_ends_the_other_links_that_were_asked_for(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let first = token(&app).await;
        let second = token(&app).await;
        reset(&app, &second, NEW).await.expect(204);
        reset(&app, &first, "another good one here").await.expect_problem(400, "invalid_link");
    }

    async fn a_link_works_for_an_hour(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let (early, late) = (token(&app).await, token(&app).await);
        app.advance(Duration::from_hours(1));
        let reply = reset(&app, &late, NEW).await.expect_problem(400, "invalid_link");
        assert!(reply.json()["detail"].to_string().contains("expired"));
        reset(&app, &early, NEW).await.expect_problem(400, "invalid_link");
        let token = token(&app).await;
        app.advance(Duration::from_secs(60 * 60 - 1));
        reset(&app, &token, NEW).await.expect(204);
    }

    async fn an_attacked_owner_need_not_wait_after_a_reset(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.login_max_failures = 3).await;
        app.sign_up("ada").await;
        let stranger = app.anonymous().from("203.0.113.9");
        for _ in 0..6 {
            login(&stranger, "wrong").await;
        }
        login(&stranger, PASSWORD).await.expect_problem(429, "rate_limited");
        let token = token(&app).await;
        reset(&app, &token, NEW).await.expect(204);
        login(&stranger, NEW).await.expect(200);
    }

    async fn a_disabled_account_stays_shut(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = token(&app).await;
        set_active(&app, "ada@example.com", false).await;
        reset(&app, &token, NEW).await.expect_problem(403, "account_disabled");
        set_active(&app, "ada@example.com", true).await;
        login(&app.anonymous(), PASSWORD).await.expect(200);
    }

    async fn whatever_is_no_token_of_this_purpose_opens_nothing(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let verify = app.mails().await[0].after("token=");
        let access = ada.token.clone().unwrap();
        let refresh = ada.refresh_token.clone().unwrap();
        for wrong in ["", "dwo_", "x", "\0", &verify, &access, &refresh, &"a".repeat(4096)] {
            reset(&app, wrong, NEW).await.expect_problem(400, "invalid_link");
        }
        let long = reset(&app, &"a".repeat(4097), NEW).await;
        long.expect_problem(422, "validation");
        let token = token(&app).await;
        ada.with_token(&token).get("/auth/me").await.expect(401);
        let refresh = json!({"refresh_token": token});
        ada.post("/auth/refresh", refresh).await.expect_problem(401, "invalid_refresh_token");
        let body = json!({"token": token});
        ada.post("/auth/email/verify", body).await.expect_problem(400, "invalid_link");
        reset(&app, &token, NEW).await.expect(204);
    }

    async fn the_audit_log_has_asking_and_setting_without_a_secret(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = token(&app).await;
        reset(&app, &token, NEW).await.expect(204);
        app.app.audit.flush().await;
        let events: Vec<String> = sql(
            &app,
            "SELECT event FROM audit_log WHERE event LIKE 'password.%' ORDER BY event",
        )
        .await;
        assert_eq!(events, ["password.forgot", "password.reset"]);
    }
}
