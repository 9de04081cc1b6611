//! `POST /auth/email`: nothing changes before the new mailbox is proven, and the old one can take it back.

use std::time::Duration;

use serde_json::json;

use super::{change, confirm_link, verify};
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn the_address_changes_once_the_new_mailbox_is_proven_and_not_before(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = confirm_link(&app, &ada, "new@example.com").await;
        assert_eq!(ada.get("/auth/me").await.json()["email"], "ada@example.com");
        verify(&app, &token).await.expect(204);
        let me = ada.get("/auth/me").await.expect(200).json();
        assert_eq!((&me["email"], &me["email_verified"]), (&json!("new@example.com"), &json!(true)));
        ada.login("new@example.com", PASSWORD).await;
        verify(&app, &token).await.expect_problem(400, "invalid_link");
        let mails = app.mails().await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("ada@example.com"), "the old mailbox is told");
    }

    async fn a_stolen_token_alone_changes_nothing(engine: Engine) {
        let app = TestApp::with_mail(engine, |settings| settings.access_token_ttl = Duration::from_hours(2)).await;
        let ada = app.sign_up("ada").await;
        app.mails().await;
        app.advance(Duration::from_secs(15 * 60 + 1));
        let body = json!({"email": "eve@example.com"});
        ada.post("/auth/email", body).await.expect_problem(401, "insufficient_user_authentication");
        change(&ada, "eve@example.com", "wrong").await.expect_problem(403, "wrong_password");
        app.anonymous().post("/auth/email", json!({"email": "eve@example.com"})).await.expect(401);
        assert!(app.mails().await.is_empty());
        change(&ada, "new@example.com", PASSWORD).await.expect(202);
        assert_eq!(app.mails().await.len(), 1);
    }

    async fn a_taken_address_is_not_told_to_who_asks_but_to_its_owner(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let (ada, _) = (app.sign_up("ada").await, app.sign_up("bob").await);
        app.mails().await;
        let mut seen = Vec::new();
        for email in ["free@example.com", "bob@example.com"] {
            let mut reply = change(&ada, email, PASSWORD).await;
            reply.headers.remove("x-request-id");
            seen.push((reply.status, reply.headers.clone(), reply.bytes.clone()));
        }
        assert_eq!(seen[0], seen[1]);
        let mails = app.mails().await;
        let to = |name: &str| mails.iter().find(|mail| mail.header("To").contains(name)).unwrap();
        assert!(to("free").0.contains("token"));
        assert!(!to("bob").0.contains("token"), "nothing in it opens anything");
    }

    async fn an_address_taken_meanwhile_stays_whose_it_is(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = confirm_link(&app, &ada, "bob@example.com").await;
        app.sign_up("bob").await;
        verify(&app, &token).await.expect_problem(409, "email_taken");
        assert_eq!(ada.get("/auth/me").await.json()["email"], "ada@example.com");
    }

    async fn of_two_changes_at_once_one_wins(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        for round in 0..4 {
            let mut tokens = Vec::new();
            for side in ["left", "right"] {
                tokens.push(confirm_link(&app, &ada, &format!("{side}{round}@example.com")).await);
            }
            let replies = tokio::join!(verify(&app, &tokens[0]), verify(&app, &tokens[1]));
            let mut statuses = [replies.0.status, replies.1.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 400], "round {round}");
            let side = if replies.0.status == 204 { "left" } else { "right" };
            let me = ada.get("/auth/me").await.json();
            assert_eq!(me["email"], format!("{side}{round}@example.com"));
        }
    }

    async fn a_change_that_waits_ends_with_the_password_it_was_asked_with(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = confirm_link(&app, &ada, "eve@example.com").await;
        let body = json!({"current_password": PASSWORD, "new_password": "seven green bicycles sing"});
        ada.post("/auth/password", body).await.expect(204);
        verify(&app, &token).await.expect_problem(400, "invalid_link");
        assert_eq!(ada.get("/auth/me").await.json()["email"], "ada@example.com");
    }

    async fn a_link_of_another_purpose_changes_no_address(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = confirm_link(&app, &ada, "new@example.com").await;
        for (path, body) in [
            ("/auth/password/reset", json!({"token": token, "new_password": "seven green bicycles sing"})),
            ("/auth/email/undo", json!({"token": token})),
        ] {
            app.anonymous().post(path, body).await.expect_problem(400, "invalid_link");
        }
        verify(&app, &token).await.expect(204);
    }

    async fn the_profile_names_the_route_that_changes_an_address(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.patch("/auth/me", json!({"email": "new@example.com"})).await;
        let detail = reply.expect_problem(422, "validation").json()["detail"].to_string();
        assert!(detail.contains("POST /auth/email"), "{detail}");
    }
}
