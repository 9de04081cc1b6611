//! `POST /auth/login/code`: who asks learns nothing, and only whom the code would let in gets one.

use std::time::Duration;

use doorward::config::Registration;
use serde_json::json;

use super::{ask, mailed, refused, verify, with_codes};
use crate::accounts::{set_active, sql};
use crate::both;
use crate::support::TestApp;

both! {
    async fn known_and_unknown_addresses_get_the_same_answer_and_one_of_them_a_mail(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| {
            settings.login_codes = true;
            settings.registration = Registration::Open;
        })
        .await;
        app.sign_up("ada").await;
        app.mails().await;
        let closed = TestApp::over(&app.url, app.clock.clone(), 9, |settings| {
            *settings = (*app.app.settings).clone();
            settings.registration = Registration::Closed;
        })
        .await;
        let mut seen = Vec::new();
        for email in ["ADA@example.com", "eve@example.com"] {
            let mut reply = closed.anonymous().post("/auth/login/code", json!({"email": email})).await;
            reply.headers.remove("x-request-id");
            let mut body = reply.json();
            let challenge = body["challenge"].take();
            assert_eq!(challenge.as_str().unwrap().len(), 22, "128 bits");
            seen.push((reply.status, reply.headers, body, reply.bytes.len()));
        }
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0].0, 202);
        // The worker belongs to the server with closed registration.
        closed.delivery().deliver_due().await.unwrap();
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("ada@example.com"));
    }

    async fn the_mail_has_the_code_and_a_link_made_of_settings_whatever_the_headers_say(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let headers = [
            ("content-type", "application/json"),
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("origin", "https://evil.example"),
            ("user-agent", "evil.example\tBcc: eve@evil.example"),
        ];
        let body = json!({"email": "ada@example.com"}).to_string();
        app.anonymous().raw("POST", "/auth/login/code", &headers, body).await.expect(202);
        let mails = app.mails().await;
        let text = mails[0].text();
        assert!(text.contains("https://auth.example.org/auth/pages/login?token=dwo_"), "{text}");
        assert!(!text.contains("evil"), "{text}");
    }

    async fn nobody_without_an_account_gets_a_code_where_none_may_be_made(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        for email in ["ada@example.com", "eve@example.com"] {
            let body = json!({"email": email, "create_account": false});
            app.anonymous().post("/auth/login/code", body).await.expect(202);
        }
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("ada@example.com"));
    }

    async fn nobody_whom_it_would_not_let_in_gets_a_code(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        set_active(&app, "ada@example.com", false).await;
        ask(&app.anonymous(), "ada@example.com").await;
        assert!(app.mails().await.is_empty());
        let codes: Vec<i64> = sql(&app, "SELECT count(*) FROM single_use WHERE code IS NOT NULL").await;
        assert_eq!(codes, [0], "no code was made");
    }

    async fn one_mailbox_gets_five_an_hour_and_the_sixth_ask_ends_no_code(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let mut last = None;
        for number in 0..5 {
            let from = app.anonymous().from(&format!("192.0.2.{number}"));
            last = Some(mailed(&app, &from, "ada@example.com").await);
        }
        for number in 5..9 {
            ask(&app.anonymous().from(&format!("192.0.2.{number}")), "Ada@Example.com").await;
        }
        assert!(app.mails().await.is_empty());
        verify(&app.anonymous(), last.unwrap().by_code()).await.expect(200);
        app.advance(Duration::from_secs(60 * 60 + 1));
        mailed(&app, &app.anonymous(), "ada@example.com").await;
    }

    async fn a_new_code_ends_the_one_before_and_its_link(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let client = app.anonymous();
        let first = mailed(&app, &client, "ada@example.com").await;
        let second = mailed(&app, &client, "ada@example.com").await;
        refused(verify(&client, first.by_code()).await);
        verify(&client, first.by_link()).await.expect_problem(400, "invalid_link");
        verify(&client, second.by_code()).await.expect(200);
    }

    async fn of_two_asks_before_the_mail_is_written_one_mail_is_sent(engine: Engine) {
        let app = with_codes(engine).await;
        app.sign_up("ada").await;
        app.mails().await;
        let client = app.anonymous();
        ask(&client, "ada@example.com").await;
        let second = mailed(&app, &client, "ada@example.com").await;
        verify(&client, second.by_code()).await.expect(200);
    }

    async fn where_it_is_off_or_mail_is_the_answer_says_so_and_nothing_is_kept(engine: Engine) {
        let off = TestApp::with_mail(engine, |_| {}).await;
        let body = json!({"email": "ada@example.com"});
        let reply = off.anonymous().post("/auth/login/code", body.clone()).await;
        let detail = reply.expect_problem(404, "not_found").json()["detail"].to_string();
        assert!(detail.contains("LOGIN_CODES is off"), "{detail}");
        verify(&off.anonymous(), json!({"token": "dwo_x"})).await.expect_problem(404, "not_found");
        let mute = TestApp::with(engine, |settings| settings.login_codes = true).await;
        mute.anonymous().post("/auth/login/code", body).await.expect_problem(404, "mail_off");
        for app in [&off, &mute] {
            let kept: Vec<i64> = sql(app, "SELECT count(*) FROM single_use").await;
            assert_eq!(kept, [0]);
        }
    }

    async fn what_is_no_address_is_refused(engine: Engine) {
        let app = with_codes(engine).await;
        for body in [json!({}), json!({"email": "ada"}), json!({"email": null}), json!({"email": ["ada@example.com"]})] {
            app.anonymous().post("/auth/login/code", body).await.expect_problem(422, "validation");
        }
    }
}
