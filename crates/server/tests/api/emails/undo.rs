//! `POST /auth/email/undo`: whoever owns the old mailbox gets the account back from a thief.

use std::time::Duration;

use serde_json::json;

use super::{change, confirm_link, verify};
use crate::both;
use crate::passwords::reset::reset;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const NEW: &str = "seven green bicycles sing";

async fn undo(app: &TestApp, token: &str) -> Reply {
    app.anonymous().post("/auth/email/undo", json!({"token": token})).await
}

/// Changes the address, and gives what the old mailbox got.
async fn stolen(app: &TestApp, thief: &Client, email: &str) -> String {
    let token = confirm_link(app, thief, email).await;
    verify(app, &token).await.expect(204);
    app.mails().await[0].after("token=")
}

both! {
    async fn the_old_mailbox_takes_the_account_back_from_whoever_knew_the_password(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let thief = app.sign_up("ada").await;
        let token = stolen(&app, &thief, "eve@example.com").await;
        let undone = undo(&app, &token).await.expect(200).json();
        thief.get("/auth/me").await.expect(401);
        for email in ["ada@example.com", "eve@example.com"] {
            let body = json!({"email": email, "password": PASSWORD});
            app.anonymous().post("/auth/login", body).await.expect_problem(401, "invalid_credentials");
        }
        assert_eq!(undone["expires_in"], 3600);
        reset(&app, undone["reset_token"].as_str().unwrap(), NEW).await.expect(204);
        let me = app.anonymous().login("ada@example.com", NEW).await.get("/auth/me").await.json();
        assert_eq!(me["email"], "ada@example.com");
        undo(&app, &token).await.expect_problem(400, "invalid_link");
    }

    async fn it_works_for_72_hours(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = stolen(&app, &ada, "eve@example.com").await;
        app.advance(Duration::from_secs(72 * 60 * 60 - 1));
        let again = undo(&app, &token).await;
        again.expect(200);
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = stolen(&app, &ada, "eve@example.com").await;
        app.advance(Duration::from_hours(72));
        undo(&app, &token).await.expect_problem(400, "invalid_link");
    }

    async fn a_thief_who_changes_twice_or_resets_the_password_gains_nothing(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let thief = app.sign_up("ada").await;
        let owners = stolen(&app, &thief, "eve@example.com").await;
        app.advance(Duration::from_secs(1));
        let thiefs = stolen(&app, &thief, "mallory@example.com").await;
        let body = json!({"current_password": PASSWORD, "new_password": NEW});
        thief.post("/auth/password", body).await.expect(204);
        // The thief undoes the second change; the owner still undoes the first.
        app.advance(Duration::from_secs(1));
        change(&thief, "third@example.com", NEW).await.expect(202);
        let third = app.mails().await[0].after("token=");
        let undone = undo(&app, &owners).await.expect(200).json();
        undo(&app, &thiefs).await.expect_problem(400, "invalid_link");
        verify(&app, &third).await.expect_problem(400, "invalid_link");
        reset(&app, undone["reset_token"].as_str().unwrap(), "the owner's very own words").await.expect(204);
        app.anonymous().login("ada@example.com", "the owner's very own words").await;
    }

    async fn the_thief_s_own_undoing_does_not_end_the_owner_s(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let thief = app.sign_up("ada").await;
        let owners = stolen(&app, &thief, "eve@example.com").await;
        app.advance(Duration::from_secs(1));
        let thiefs = stolen(&app, &thief, "mallory@example.com").await;
        undo(&app, &thiefs).await.expect(200);
        undo(&app, &owners).await.expect(200);
    }

    async fn registering_the_old_address_does_not_keep_its_owner_out(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let thief = app.sign_up("ada").await;
        let token = stolen(&app, &thief, "eve@example.com").await;
        app.sign_up("ada").await;
        let undone = undo(&app, &token).await.expect(200).json();
        reset(&app, undone["reset_token"].as_str().unwrap(), NEW).await.expect(204);
        let back = app.anonymous().login("ada@example.com", NEW).await;
        assert_eq!(back.get("/auth/me").await.json()["id"], thief.user["id"]);
    }

    async fn of_ten_uses_at_once_and_a_change_beside_them_one_wins(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let ada = app.sign_up("ada").await;
        let token = stolen(&app, &ada, "eve@example.com").await;
        let other = confirm_link(&app, &ada, "mallory@example.com").await;
        let undoing = futures_util::future::join_all((0..10).map(|_| undo(&app, &token)));
        let (undone, _) = tokio::join!(undoing, verify(&app, &other));
        assert_eq!(undone.iter().filter(|reply| reply.status == 200).count(), 1);
        assert!(undone.iter().all(|reply| [200, 400].contains(&reply.status)));
        // Whichever came first, the owner has the account and the thief has not.
        ada.get("/auth/me").await.expect(401);
        let body = json!({"email": "mallory@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/login", body).await.expect(401);
        change(&ada, "again@example.com", PASSWORD).await.expect(401);
    }
}
