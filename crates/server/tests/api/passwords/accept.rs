//! `POST /auth/invitation/accept`: the first password of an invited account, once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::accounts::{set_active, sql};
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

const NEW: &str = "a quiet harbour at dawn";

/// Invites an address; the account and the token in the mail.
async fn invited(app: &TestApp, root: &Client, email: &str) -> (Value, String) {
    let body = json!({"email": email, "name": "Bob", "locale": "de", "invite": true});
    let user = root.post("/admin/users", body).await.expect(201).json();
    let mails = app.mails().await;
    let mail = mails.iter().rfind(|mail| mail.header("To").contains(email)).expect("a mail");
    assert!(mail.header("Subject").contains("=?utf-8?") || !mail.header("Subject").is_empty());
    (user, mail.after("token="))
}

async fn accept(app: &TestApp, token: &str, password: &str) -> crate::support::client::Reply {
    let body = json!({"token": token, "password": password});
    app.anonymous().post("/auth/invitation/accept", body).await
}

both! {
    async fn the_link_sets_the_first_password_once_and_proves_the_address(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        let (user, token) = invited(&app, &root, "bob@example.com").await;
        assert_eq!(user["email_verified"], false);
        accept(&app, &token, NEW).await.expect(204);
        let bob = app.anonymous().login("bob@example.com", NEW).await;
        let me = bob.get("/auth/me").await.expect(200).json();
        assert_eq!((&me["email_verified"], &me["id"]), (&json!(true), &user["id"]));
        accept(&app, &token, PASSWORD).await.expect_problem(400, "invalid_link");
        let kinds: Vec<String> = sql(&app, "SELECT event FROM audit_log WHERE event LIKE 'invitation.%' ORDER BY at, event").await;
        assert_eq!(kinds, ["invitation.accept", "invitation.send"]);
    }

    async fn of_ten_uses_at_once_one_wins(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let (other, root) = (app.replica().await, app.admin("root").await);
        let (_, token) = invited(&app, &root, "bob@example.com").await;
        let passwords: Vec<_> = (0..10).map(|number| format!("{NEW} {number}")).collect();
        let uses = passwords.iter().enumerate().map(|(number, password)| {
            accept(if number % 2 == 0 { &app } else { &other }, &token, password)
        });
        let statuses: Vec<_> = join_all(uses).await.iter().map(|reply| reply.status).collect();
        let won: Vec<_> = statuses.iter().enumerate().filter(|(_, status)| **status == 204).collect();
        assert_eq!(won.len(), 1, "{statuses:?}");
        app.anonymous().login("bob@example.com", &passwords[won[0].0]).await;
    }

    async fn a_weak_password_is_refused_and_the_link_is_kept(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        let (_, token) = invited(&app, &root, "bob@example.com").await;
        for weak in ["short", "password1234", "bob@example.com"] {
            let reply = accept(&app, &token, weak).await.expect_problem(422, "validation");
            assert_eq!(reply.json()["errors"][0]["loc"], json!(["body", "password"]), "{weak}");
        }
        accept(&app, &token, NEW).await.expect(204);
    }

    async fn the_link_ends_with_time_the_account_its_standing_and_any_other_password(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        let (_, late) = invited(&app, &root, "late@example.com").await;
        app.advance(Duration::from_hours(7 * 24));
        let root = root.login("root@example.com", PASSWORD).await;
        accept(&app, &late, NEW).await.expect_problem(400, "invalid_link");
        let (gone, token) = invited(&app, &root, "gone@example.com").await;
        let path = format!("/admin/users/{}", gone["id"].as_str().unwrap());
        root.delete(&path).await.expect(204);
        accept(&app, &token, NEW).await.expect_problem(400, "invalid_link");
        let (_, token) = invited(&app, &root, "bob@example.com").await;
        set_active(&app, "bob@example.com", false).await;
        accept(&app, &token, NEW).await.expect_problem(403, "account_disabled");
        set_active(&app, "bob@example.com", true).await;
        // Somebody with the mailbox sets a password in another way.
        app.anonymous().post("/auth/password/forgot", json!({"email": "bob@example.com"})).await.expect(202);
        let reset = app.mails().await[0].after("token=");
        let body = json!({"token": reset, "new_password": PASSWORD});
        app.anonymous().post("/auth/password/reset", body).await.expect(204);
        accept(&app, &token, NEW).await.expect_problem(400, "invalid_link");
        app.anonymous().login("bob@example.com", PASSWORD).await;
    }

    async fn links_of_other_purposes_are_no_invitations_and_the_other_way_round(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        let proof = app.mails().await[0].after("token=");
        accept(&app, &proof, NEW).await.expect_problem(400, "invalid_link");
        let (_, token) = invited(&app, &root, "bob@example.com").await;
        let reset = json!({"token": token, "new_password": NEW});
        app.anonymous().post("/auth/password/reset", reset).await.expect_problem(400, "invalid_link");
        accept(&app, &token, NEW).await.expect(204);
    }

    async fn the_page_does_the_same_in_the_language_of_its_reader(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        let (_, token) = invited(&app, &root, "bob@example.com").await;
        let path = format!("/auth/pages/invitation?token={token}");
        for _ in 0..3 {
            let page = app.anonymous().raw("GET", &path, &[("accept-language", "de")], "").await.expect(200);
            assert!(page.text().contains("<h1>Willkommen bei auth.example.org</h1>"), "{}", page.text());
        }
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let form = |password: &str| format!("token={token}&new_password={password}");
        let send = |form: String| {
            let client = app.anonymous();
            async move { client.raw("POST", "/auth/pages/invitation", &kind, form).await }
        };
        let again = send(form("short")).await.expect(422).text();
        assert!(again.contains("role=\"alert\"") && again.contains("action=\"invitation\""), "{again}");
        let done = send(form(&NEW.replace(' ', "+"))).await.expect(200).text();
        assert!(done.contains("Your account is ready"), "{done}");
        app.anonymous().login("bob@example.com", NEW).await;
    }
}
