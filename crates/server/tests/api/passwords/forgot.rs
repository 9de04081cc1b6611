//! `POST /auth/password/forgot`: who asks learns nothing, and only whom a link would let in gets one.

use std::time::Duration;

use serde_json::json;

use crate::accounts::{set_active, sql};
use crate::both;
use crate::support::TestApp;

/// Asks for a link, as anybody may.
async fn forgot(app: &TestApp, email: &str) {
    let reply = app.anonymous().post("/auth/password/forgot", json!({"email": email})).await;
    assert!(reply.expect(202).bytes.is_empty());
}

both! {
    async fn known_and_unknown_addresses_get_the_same_answer_and_one_of_them_a_mail(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        app.mails().await;
        let replies = [
            app.anonymous().post("/auth/password/forgot", json!({"email": "ADA@example.com"})).await,
            app.anonymous().post("/auth/password/forgot", json!({"email": "eve@example.com"})).await,
        ];
        let seen = replies.map(|mut reply| {
            reply.headers.remove("x-request-id");
            (reply.status, reply.headers.clone(), reply.bytes.clone())
        });
        assert_eq!(seen[0], seen[1]);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("ada@example.com"));
        assert!(mails[0].text().contains("https://auth.example.org/"), "{}", mails[0].text());
    }

    async fn links_are_made_of_settings_whatever_the_headers_say(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        app.mails().await;
        let headers = [
            ("content-type", "application/json"),
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "host=evil.example"),
            ("origin", "https://evil.example"),
            ("referer", "https://evil.example/"),
            ("user-agent", "evil.example\tBcc: eve@evil.example"),
        ];
        let body = json!({"email": "ada@example.com"}).to_string();
        app.anonymous().raw("POST", "/auth/password/forgot", &headers, body).await.expect(202);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(!mails[0].0.contains("evil"), "{}", mails[0].0);
    }

    async fn nobody_whom_the_link_would_not_let_in_gets_one(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        app.mails().await;
        set_active(&app, "ada@example.com", false).await;
        bob.delete_with("/auth/me", json!({"password": crate::support::client::PASSWORD})).await.expect(204);
        drop(ada);
        forgot(&app, "ada@example.com").await;
        forgot(&app, "bob@example.com").await;
        assert!(app.mails().await.is_empty());
        let kept: Vec<i64> = sql(
            &app,
            "SELECT count(*) FROM single_use WHERE purpose = 'reset_password'",
        )
        .await;
        assert_eq!(kept, [0], "no link was made");
    }

    async fn one_mailbox_gets_five_an_hour_whoever_asks(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        app.mails().await;
        for number in 0..9 {
            let from = app.anonymous().from(&format!("192.0.2.{number}"));
            let email = if number % 2 == 0 { "ada@example.com" } else { "Ada@Example.com" };
            from.post("/auth/password/forgot", json!({"email": email})).await.expect(202);
        }
        assert_eq!(app.mails().await.len(), 5);
        app.advance(Duration::from_secs(60 * 60 + 1));
        forgot(&app, "ada@example.com").await;
        assert_eq!(app.mails().await.len(), 1);
    }

    async fn without_mail_the_answer_says_so_and_nothing_is_kept(engine: Engine) {
        let app = TestApp::start(engine).await;
        for path in ["/auth/password/forgot", "/auth/email/resend"] {
            let reply = app.anonymous().post(path, json!({"email": "ada@example.com"})).await;
            let detail = reply.expect_problem(404, "mail_off").json()["detail"].to_string();
            assert!(detail.contains("does not send mail"), "{detail}");
        }
        let kept: Vec<i64> = sql(&app, "SELECT count(*) FROM mail").await;
        assert_eq!(kept, [0]);
    }
}
