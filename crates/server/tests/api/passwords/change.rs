//! `POST /auth/password`.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "tortoise hare beetle";

async fn change(client: &Client, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    client.post("/auth/password", body).await
}

async fn login(app: &TestApp, password: &str) -> Reply {
    app.anonymous().post("/auth/login", json!({"email": ADA, "password": password})).await
}

both! {
    async fn the_new_password_counts_and_the_old_one_no_longer_does(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        change(&ada, PASSWORD, NEW).await.expect(204);
        login(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
        login(&app, NEW).await.expect(200);
    }

    async fn the_other_sessions_end_and_the_one_that_asks_goes_on(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = app.anonymous().login(ADA, PASSWORD).await;
        let bob = app.sign_up("bob").await;
        change(&ada, PASSWORD, NEW).await.expect(204);
        ada.get("/auth/me").await.expect(200);
        let refresh = |of: &Client| json!({"refresh_token": of.refresh_token});
        ada.post("/auth/refresh", refresh(&ada)).await.expect(200);
        phone.get("/auth/me").await.expect_problem(401, "invalid_token");
        phone.post("/auth/refresh", refresh(&phone)).await.expect(401);
        bob.get("/auth/me").await.expect(200);
    }

    async fn a_wrong_present_password_changes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = app.anonymous().login(ADA, PASSWORD).await;
        change(&ada, "not it", NEW).await.expect_problem(403, "wrong_password");
        phone.get("/auth/me").await.expect(200);
        login(&app, NEW).await.expect(401);
        login(&app, PASSWORD).await.expect(200);
    }

    async fn without_a_live_session_it_is_401_whatever_the_body(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        change(&app.anonymous(), PASSWORD, NEW).await.expect_problem(401, "not_authenticated");
        ada.post_empty("/auth/logout").await.expect(204);
        change(&ada, PASSWORD, NEW).await.expect_problem(401, "invalid_token");
        ada.post("/auth/password", json!({})).await.expect(401);
        login(&app, PASSWORD).await.expect(200);
    }

    async fn guesses_at_the_present_password_are_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let replies = join_all((0..40).map(|_| change(&ada, "not it", NEW))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 403).count(), 10);
        let refused = change(&ada, PASSWORD, NEW).await.expect_problem(429, "rate_limited");
        // The session lives, and so does every other way in.
        ada.get("/auth/me").await.expect(200);
        login(&app, PASSWORD).await.expect(200);
        let wait = refused.header("retry-after").parse().expect("an integer");
        app.advance(Duration::from_secs(wait));
        change(&ada, PASSWORD, NEW).await.expect(204);
    }

    async fn an_unacceptable_new_password_is_no_guess_and_is_refused_with_advice(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        for new in ["short", "password1", "doorward", ADA, "example.com"] {
            for _ in 0..12 {
                let problem = change(&ada, PASSWORD, new).await.expect_problem(422, "validation");
                assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "new_password"]));
            }
        }
        for body in [json!({}), json!({"current_password": 7, "new_password": Value::Null})] {
            let problem = ada.post("/auth/password", body).await.expect(422).json();
            assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2));
        }
        change(&ada, PASSWORD, NEW).await.expect(204);
    }

    async fn of_changes_at_once_one_wins(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let anonymous = app.anonymous();
        let devices = join_all((0..8).map(|_| anonymous.login(ADA, PASSWORD))).await;
        let wanted: Vec<String> = (0..8).map(|number| format!("{NEW} {number}")).collect();
        let changes = devices.iter().zip(&wanted).map(|(device, new)| change(device, PASSWORD, new));
        let statuses: Vec<u16> = join_all(changes).await.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [204, 401, 403].contains(status)), "{statuses:?}");
        let winner = statuses.iter().position(|status| *status == 204).expect("a winner");
        for (number, device) in devices.iter().enumerate() {
            let status = if number == winner { 200 } else { 401 };
            device.get("/auth/me").await.expect(status);
        }
        ada.get("/auth/me").await.expect(401);
        login(&app, &wanted[winner]).await.expect(200);
        login(&app, PASSWORD).await.expect(401);
    }

    async fn a_sign_in_that_races_a_change_leaves_nothing_alive(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let mut password = PASSWORD.to_owned();
        for round in 0..8 {
            let next = format!("{NEW} {round}");
            let racers = join_all((0..6).map(|_| login(&app, &password)));
            let (changed, racers) = tokio::join!(change(&ada, &password, &next), racers);
            changed.expect(204);
            for racer in racers.into_iter().filter(|racer| racer.status == 200) {
                let token = racer.json()["access_token"].as_str().expect("a token").to_owned();
                ada.with_token(&token).get("/auth/me").await.expect(401);
            }
            password = next;
        }
        ada.get("/auth/me").await.expect(200);
    }

    async fn a_change_is_in_the_audit_log(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        change(&ada, PASSWORD, NEW).await.expect(204);
        change(&ada, "not it", NEW).await.expect(403);
        app.app.audit.flush().await;
        let sql = "SELECT event || ' ' || outcome FROM audit_log \
            WHERE event LIKE 'password.%' ORDER BY event";
        let events: Vec<String> = crate::accounts::sql(&app, sql).await;
        assert_eq!(events, ["password.change success", "password.confirm failure"]);
    }
}
