//! What the forms of pages do: the same as the JSON routes, once.

use serde_json::json;

use super::{open, send};
use crate::both;
use crate::support::TestApp;

const NEW: &str = "a quiet harbour at dawn";

both! {
    async fn the_form_proves_the_address_and_opening_the_page_does_not(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = app.mails().await[0].after("token=");
        for _ in 0..3 {
            let page = open(&app, &format!("/auth/pages/verify?token={token}"), "en").await.expect(200);
            assert!(page.text().contains(&format!("name=\"token\" value=\"{token}\"")));
        }
        assert_eq!(ada.get("/auth/me").await.json()["email_verified"], false);
        let done = send(&app, "verify", &format!("token={token}")).await.expect(200);
        assert!(done.text().contains("Your address is confirmed"), "{}", done.text());
        assert_eq!(ada.get("/auth/me").await.json()["email_verified"], true);
        let again = send(&app, "verify", &format!("token={token}")).await.expect(400);
        assert!(again.text().contains("This link no longer works"), "{}", again.text());
    }

    async fn a_forgotten_password_is_set_by_the_form_after_a_bad_one_was_refused(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        app.mails().await;
        app.anonymous()
            .post("/auth/password/forgot", json!({"email": "ada@example.com"}))
            .await
            .expect(202);
        let token = app.mails().await[0].after("token=");
        for bad in ["shrt1", "password1234", "ada%40example.com"] {
            let again = send(&app, "reset", &format!("token={token}&new_password={bad}")).await;
            let text = again.expect(422).text();
            assert!(text.contains("role=\"alert\"") && text.contains(&token), "{text}");
            assert!(!text.contains(bad), "the password is not sent back: {text}");
        }
        let form = format!("token={token}&new_password={}", NEW.replace(' ', "+"));
        send(&app, "reset", &form).await.expect(200);
        ada.get("/auth/me").await.expect(401);
        app.anonymous().login("ada@example.com", NEW).await;
        send(&app, "reset", &form).await.expect(400);
    }

    async fn a_form_without_a_token_or_with_anothers_does_nothing(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let verify = app.mails().await[0].after("token=");
        for form in [
            String::new(),
            "token=".into(),
            "token=dwo_nothing".into(),
            format!("token={}", "x".repeat(4000)),
            format!("token={verify}"),
        ] {
            let form = format!("{form}&new_password={}", NEW.replace(' ', "+"));
            send(&app, "reset", &form).await.expect(400);
        }
        ada.get("/auth/me").await.expect(200);
        send(&app, "nothing", "token=x").await.expect(404);
    }

    async fn a_forgotten_password_is_replaced_by_pages_alone(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        app.mails().await;
        let page = open(&app, "/auth/pages/forgot", "en").await.expect(200).text();
        assert!(page.contains("<label for=\"email\">") && !page.contains("name=\"token\""), "{page}");
        let mut answers = Vec::new();
        for email in ["ada%40example.com", "nobody%40example.com"] {
            answers.push(send(&app, "forgot", &format!("email={email}")).await.expect(200).text());
        }
        assert_eq!(answers[0], answers[1]);
        assert!(answers[0].contains("Check your mail"), "{}", answers[0]);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        let form = format!("token={}&new_password=another+long+pass+phrase", mails[0].after("reset?token="));
        send(&app, "reset", &form).await.expect(200);
        app.anonymous().login("ada@example.com", "another long pass phrase").await;
        let bad = send(&app, "forgot", "email=%3Cb%3E").await.expect(422).text();
        assert!(bad.contains("aria-invalid=\"true\"") && bad.contains("This is not an e-mail address."), "{bad}");
    }

    async fn nobody_is_asked_for_an_address_where_no_mail_is_sent(engine: Engine) {
        let app = TestApp::start(engine).await;
        open(&app, "/auth/pages/forgot", "en").await.expect(404);
        send(&app, "forgot", "email=ada%40example.com").await.expect(404);
    }
}
