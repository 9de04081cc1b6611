//! `POST /admin/users/{id}/invite`, and `invite` of `POST /admin/users`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::sql;
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

fn path(user: &Value) -> String {
    format!("/admin/users/{}/invite", user["id"].as_str().unwrap())
}

both! {
    async fn an_invitation_that_is_sent_again_ends_the_one_before(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        app.mails().await;
        let user = root.post("/admin/users", json!({"email": "bob@example.com"})).await.expect(201).json();
        assert!(app.mails().await.is_empty(), "nobody asked for a mail");
        let mut tokens = Vec::new();
        for _ in 0..2 {
            assert!(root.post_empty(&path(&user)).await.expect(202).bytes.is_empty());
            tokens.push(app.mails().await[0].after("token="));
        }
        let accept = |token: &str| json!({"token": token, "password": PASSWORD});
        let client = app.anonymous();
        client.post("/auth/invitation/accept", accept(&tokens[0])).await.expect_problem(400, "invalid_link");
        client.post("/auth/invitation/accept", accept(&tokens[1])).await.expect(204);
        root.post_empty(&path(&user)).await.expect_problem(409, "not_invitable");
    }

    async fn whoever_may_not_write_users_or_holds_less_invites_nobody(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await;
        let user = root.post("/admin/users", json!({"email": "bob@example.com"})).await.expect(201).json();
        let admin = format!("/admin/users/{}/roles/admin", user["id"].as_str().unwrap());
        root.raw("PUT", &admin, &[], "").await.expect(204);
        app.mails().await;
        app.anonymous().post_empty(&path(&user)).await.expect(401);
        app.sign_up("eve").await.post_empty(&path(&user)).await.expect_problem(403, "insufficient_scope");
        let clerk = app.officer(&root, "clerk", &["users:write"]).await;
        clerk.post_empty(&path(&user)).await.expect_problem(403, "insufficient_scope");
        let asked: Vec<i64> = sql(&app, "SELECT count(*) FROM mail WHERE kind = 'invitation'").await;
        assert_eq!(asked, [0]);
        let nobody = json!({"id": "0199c1a4-5d2e-7b60-9f13-6a8e42d07c5b"});
        clerk.post_empty(&path(&nobody)).await.expect_problem(404, "not_found");
        let own = clerk.post("/admin/users", json!({"email": "carl@example.com", "invite": true})).await;
        clerk.post_empty(&path(&own.expect(201).json())).await.expect(202);
    }

    async fn accounts_that_need_no_invitation_get_none(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let (root, bob) = (app.admin("root").await, app.sign_up("bob").await);
        root.post_empty(&bob.at("/invite")).await.expect_problem(409, "not_invitable");
        let off = json!({"email": "off@example.com", "is_active": false});
        let off = root.post("/admin/users", off).await.expect(201).json();
        root.post_empty(&path(&off)).await.expect_problem(409, "not_invitable");
        for body in [
            json!({"email": "carl@example.com", "invite": true, "password": PASSWORD}),
            json!({"email": "carl@example.com", "invite": true, "is_active": false}),
        ] {
            let reply = root.post("/admin/users", body).await.expect_problem(422, "validation");
            assert_eq!(reply.json()["errors"][0]["loc"], json!(["body", "invite"]));
        }
    }

    async fn one_account_is_invited_five_times_an_hour_and_many_accounts_as_often_as_there_are(engine: Engine) {
        let app = TestApp::with_mail(engine, |_| {}).await;
        let root = app.admin("root").await.from("192.0.2.1");
        for number in 0..40 {
            let body = json!({"email": format!("p{number}@example.com"), "invite": true});
            root.post("/admin/users", body).await.expect(201);
        }
        let user = root.post("/admin/users", json!({"email": "bob@example.com", "invite": true})).await;
        let user = user.expect(201).json();
        for _ in 1..5 {
            root.post_empty(&path(&user)).await.expect(202);
        }
        let much = root.post_empty(&path(&user)).await.expect_problem(429, "rate_limited");
        assert_eq!(much.header("retry-after"), "3600");
        app.advance(Duration::from_secs(60 * 60 + 1));
        let root = root.login("root@example.com", PASSWORD).await;
        root.post_empty(&path(&user)).await.expect(202);
    }

    async fn without_mail_nobody_is_made_who_would_wait_for_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let root = app.admin("root").await;
        let body = json!({"email": "bob@example.com", "invite": true});
        root.post("/admin/users", body).await.expect_problem(404, "mail_off");
        let made: Vec<i64> = sql(&app, "SELECT count(*) FROM users").await;
        assert_eq!(made, [1]);
    }
}
