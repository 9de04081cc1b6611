//! `POST /auth/email/resend`: like a forgotten password, it tells nobody anything.

use serde_json::json;

use super::verify;
use crate::both;
use crate::support::TestApp;

both! {
    async fn another_link_comes_to_who_needs_one_and_the_answer_is_the_same_for_all(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        app.sign_up("bob").await;
        for mail in app.mails().await {
            if mail.header("To").contains("bob") {
                verify(&app, &mail.after("token=")).await.expect(204);
            }
        }
        let mut seen = Vec::new();
        for email in ["ada@example.com", "bob@example.com", "nobody@example.com"] {
            let mut reply = app.anonymous().post("/auth/email/resend", json!({"email": email})).await;
            reply.headers.remove("x-request-id");
            seen.push((reply.status, reply.headers.clone(), reply.bytes.clone()));
        }
        assert_eq!(seen[0].0, 202);
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("ada@example.com"));
        verify(&app, &mails[0].after("token=")).await.expect(204);
    }

    async fn one_mailbox_gets_five_an_hour(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        app.sign_up("ada").await;
        app.mails().await;
        for number in 0..9 {
            let from = app.anonymous().from(&format!("192.0.2.{number}"));
            from.post("/auth/email/resend", json!({"email": "ada@example.com"})).await.expect(202);
        }
        assert!(app.mails().await.len() <= 5);
    }

    async fn whoever_is_signed_in_need_not_type_the_address(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        app.mails().await;
        ada.post_empty("/auth/email/resend").await.expect(202);
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        verify(&app, &mails[0].after("token=")).await.expect(204);
        ada.post_empty("/auth/email/resend").await.expect(202);
        assert!(app.mails().await.is_empty(), "it is verified");
        app.anonymous().post_empty("/auth/email/resend").await.expect(415);
        ada.with_token("nonsense").post_empty("/auth/email/resend").await.expect_problem(401, "invalid_token");
        ada.post("/auth/logout", json!({})).await;
        ada.post_empty("/auth/email/resend").await.expect_problem(401, "invalid_token");
        assert!(app.mails().await.is_empty());
    }
}
