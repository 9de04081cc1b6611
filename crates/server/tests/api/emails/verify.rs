//! `POST /auth/email/verify`: a mail at registration, a link that works once, and sign-in that waits for it.

use std::time::Duration;

use doorward::config::{Registration, UnverifiedEmail};
use serde_json::json;

use super::verify;
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn registering_sends_a_link_that_proves_the_address_once(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        assert_eq!(ada.get("/auth/me").await.json()["email_verified"], false);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("ada@example.com"));
        let token = mails[0].after("token=");
        verify(&app, &token).await.expect(204);
        assert_eq!(ada.get("/auth/me").await.json()["email_verified"], true);
        let again = verify(&app, &token).await.expect_problem(400, "invalid_link");
        assert!(again.json()["detail"].to_string().contains("already been used"));
    }

    async fn of_ten_uses_at_once_one_wins(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = app.mails().await[0].after("token=");
        let uses = (0..10).map(|_| verify(&app, &token));
        let replies = futures_util::future::join_all(uses).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 204).count(), 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 400).count(), 9);
    }

    async fn opening_the_link_as_a_scanner_does_uses_nothing(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = app.mails().await[0].after("token=");
        for path in [format!("/auth/email/verify?token={token}"), format!("/auth/pages/verify?token={token}")] {
            app.anonymous().get(&path).await;
            app.anonymous().raw("HEAD", &path, &[], "").await;
        }
        verify(&app, &token).await.expect(204);
    }

    async fn a_link_works_for_a_day(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        let token = app.mails().await[0].after("token=");
        app.advance(Duration::from_hours(24));
        let late = verify(&app, &token).await.expect_problem(400, "invalid_link");
        assert!(late.json()["detail"].to_string().contains("expired"));
    }

    async fn sign_in_waits_for_the_proof_where_the_settings_say_so(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            settings.unverified_email = UnverifiedEmail::Refused;
            settings.registration_signs_in = true;
        }).await;
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let made = app.anonymous().post("/auth/register", body.clone()).await.expect(201).json();
        assert!(made.get("access_token").is_none(), "no session before the proof: {made}");
        app.anonymous().post("/auth/login", body.clone()).await.expect_problem(403, "email_not_verified");
        // A wrong password says nothing of it.
        let wrong = json!({"email": "ada@example.com", "password": "wrong"});
        app.anonymous().post("/auth/login", wrong).await.expect_problem(401, "invalid_credentials");
        let form = [("username", "ada@example.com"), ("password", PASSWORD)];
        app.anonymous().post_form("/auth/login", &form).await.expect_problem(403, "email_not_verified");
        let token = app.mails().await[0].after("token=");
        verify(&app, &token).await.expect(204);
        app.anonymous().post("/auth/login", body).await.expect(200);
    }

    async fn a_neutral_registration_answers_alike_for_new_and_taken_addresses(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.registration = Registration::Verified).await;
        let register = async |email: &str, password: &str| {
            let body = json!({"email": email, "password": password});
            let mut reply = app.anonymous().post("/auth/register", body).await;
            reply.headers.remove("x-request-id");
            (reply.status, reply.headers.clone(), reply.bytes.clone())
        };
        let new = register("ada@example.com", PASSWORD).await;
        assert_eq!((new.0, new.2.len()), (202, 0));
        let token = app.mails().await[0].after("token=");
        app.anonymous().post("/auth/login", json!({"email": "ada@example.com", "password": PASSWORD})).await.expect_problem(403, "email_not_verified");
        verify(&app, &token).await.expect(204);
        // Somebody tries her address.
        assert_eq!(register("ADA@example.com", "another good one here").await, new);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(!mails[0].0.contains("token="), "nothing in it opens anything");
        let login = json!({"email": "ada@example.com", "password": "another good one here"});
        app.anonymous().post("/auth/login", login).await.expect(401);
        app.anonymous().login("ada@example.com", PASSWORD).await;
    }

    async fn an_account_made_in_advance_for_somebody_elses_address_is_the_owners(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.registration = Registration::Verified).await;
        let body = |password: &str| json!({"email": "ada@example.com", "password": password});
        app.anonymous().post("/auth/register", body("the attacker knows this")).await.expect(202);
        app.mails().await;
        // Ada comes later. What she gets sets a password of hers, and the attacker's is gone.
        app.anonymous().post("/auth/register", body(PASSWORD)).await.expect(202);
        let token = app.mails().await[0].after("token=");
        verify(&app, &token).await.expect_problem(400, "invalid_link");
        crate::passwords::reset::reset(&app, &token, PASSWORD).await.expect(204);
        let stolen = body("the attacker knows this");
        app.anonymous().post("/auth/login", stolen).await.expect(401);
        app.anonymous().login("ada@example.com", PASSWORD).await;
    }

    async fn a_taken_user_name_says_nothing_of_the_address(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            settings.registration = Registration::Verified;
            settings.usernames = true;
        }).await;
        let register = async |email: &str, username: &str| {
            let body = json!({"email": email, "password": PASSWORD, "username": username});
            app.anonymous().post("/auth/register", body).await.status
        };
        assert_eq!(register("ada@example.com", "ada").await, 202);
        assert_eq!(register("ada@example.com", "ada").await, 409);
        assert_eq!(register("bob@example.com", "ada").await, 409);
        assert_eq!(register("ada@example.com", "bob").await, 202);
    }
}
