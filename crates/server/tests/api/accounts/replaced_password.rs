//! A password that replaces the present one without it, `PATCH /auth/me {password}`: what thieves of a token try.

use std::time::Duration;

use doorward::config::{EmailChange, PasswordChange, Settings};
use futures_util::future::join_all;
use serde_json::json;

use super::sql;
use crate::both;
use crate::identities::{bearer, hs256, lasting};
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "tortoise hare beetle";

fn fresh(settings: &mut Settings) {
    settings.password_change = PasswordChange::Fresh;
}

async fn replace(client: &Client, password: &str) -> Reply {
    client.patch("/auth/me", json!({"password": password})).await
}

async fn login(app: &TestApp, password: &str) -> Reply {
    app.anonymous().post("/auth/login", json!({"email": ADA, "password": password})).await
}

both! {
    async fn the_password_has_a_route_of_its_own_which_the_answer_names(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let before = app.app.passwords.hashing.hashes_computed();
        let problem = replace(&ada, NEW).await.expect_problem(422, "validation").json();
        assert_eq!(
            problem["detail"],
            "password: is changed by POST /auth/password, with current_password and new_password"
        );
        assert_eq!(app.app.passwords.hashing.hashes_computed(), before);
        login(&app, NEW).await.expect(401);
        login(&app, PASSWORD).await.expect(200);
    }

    async fn a_fresh_sign_in_replaces_it_and_the_other_sessions_end(engine: Engine) {
        let app = TestApp::with(engine, fresh).await;
        let ada = app.sign_up("ada").await;
        let phone = app.anonymous().login(ADA, PASSWORD).await;
        let bob = app.sign_up("bob").await;
        let body = json!({"password": NEW, "name": "Countess"});
        let user = ada.patch("/auth/me", body).await.expect(200).json();
        assert_eq!(user["name"], "Countess");
        login(&app, PASSWORD).await.expect_problem(401, "invalid_credentials");
        login(&app, NEW).await.expect(200);
        ada.get("/auth/me").await.expect(200);
        phone.get("/auth/me").await.expect_problem(401, "invalid_token");
        phone.post("/auth/refresh", json!({"refresh_token": phone.refresh_token})).await.expect(401);
        bob.get("/auth/me").await.expect(200);
        let events = "SELECT event FROM audit_log WHERE event LIKE 'password.%'";
        assert_eq!(sql::<String>(&app, events).await, ["password.change"]);
    }

    async fn a_stolen_token_replaces_no_password_once_the_sign_in_is_old_and_costs_no_hash(engine: Engine) {
        let app = TestApp::with(engine, fresh).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(10));
        let body = json!({"refresh_token": ada.refresh_token});
        let tokens = ada.post("/auth/refresh", body).await.expect(200).json();
        let thief = ada.with_token(tokens["access_token"].as_str().expect("a token"));
        let before = app.app.passwords.hashing.hashes_computed();
        for client in [&ada, &thief] {
            let body = json!({"password": NEW, "name": "Thief"});
            client.patch("/auth/me", body).await.expect_problem(401, "insufficient_user_authentication");
        }
        assert_eq!(app.app.passwords.hashing.hashes_computed(), before);
        assert_eq!(ada.get("/auth/me").await.expect(200).json()["name"], "ada");
        login(&app, NEW).await.expect(401);
        replace(&ada.login(ADA, PASSWORD).await, NEW).await.expect(200);
        login(&app, NEW).await.expect(200);
    }

    async fn the_own_route_still_asks_for_the_present_password(engine: Engine) {
        let app = TestApp::with(engine, fresh).await;
        let ada = app.sign_up("ada").await;
        ada.post("/auth/password", json!({"new_password": NEW})).await.expect_problem(422, "validation");
        let wrong = json!({"current_password": "not it", "new_password": NEW});
        ada.post("/auth/password", wrong).await.expect_problem(403, "wrong_password");
        login(&app, PASSWORD).await.expect(200);
    }

    async fn what_may_not_become_a_password_may_not_here_either(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            fresh(settings);
            settings.email_change = EmailChange::Immediate;
        })
        .await;
        let ada = app.sign_up("ada").await;
        for body in [
            json!({"password": "short"}), json!({"password": "password1"}), json!({"password": ADA}),
            json!({"password": null}), json!({"password": [NEW]}),
            json!({"password": "lovelace1", "email": "lovelace@example.org"}),
        ] {
            let problem = ada.patch("/auth/me", body.clone()).await.expect_problem(422, "validation");
            assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "password"]), "{body}");
        }
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), ada.user);
        login(&app, PASSWORD).await.expect(200);
    }

    async fn of_replacements_at_once_one_wins(engine: Engine) {
        let app = TestApp::with(engine, fresh).await;
        app.sign_up("ada").await;
        let anonymous = app.anonymous();
        let devices = join_all((0..8).map(|_| anonymous.login(ADA, PASSWORD))).await;
        let wanted: Vec<String> = (0..8).map(|number| format!("{NEW} {number}")).collect();
        let changes = devices.iter().zip(&wanted).map(|(device, new)| replace(device, new));
        let statuses: Vec<u16> = join_all(changes).await.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 401, 403].contains(status)), "{statuses:?}");
        let winner = statuses.iter().position(|status| *status == 200).expect("a winner");
        for (number, device) in devices.iter().enumerate() {
            device.get("/auth/me").await.expect(if number == winner { 200 } else { 401 });
        }
        login(&app, &wanted[winner]).await.expect(200);
        login(&app, PASSWORD).await.expect(401);
    }

    async fn a_replacement_that_meets_a_taken_address_replaces_nothing(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            fresh(settings);
            settings.email_change = EmailChange::Immediate;
        })
        .await;
        let ada = app.sign_up("ada").await;
        let phone = app.anonymous().login(ADA, PASSWORD).await;
        app.sign_up("bob").await;
        let body = json!({"password": NEW, "email": "bob@example.com"});
        ada.patch("/auth/me", body).await.expect_problem(409, "email_taken");
        login(&app, PASSWORD).await.expect(200);
        phone.get("/auth/me").await.expect(200);
    }

    async fn another_issuer_s_person_gets_no_password_by_it(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            fresh(settings);
            settings.accept_shared_secret_tokens = true;
        })
        .await;
        let ada = bearer(&app, &hs256(&lasting(&app, json!({"sub": "17", "email": ADA}))));
        replace(&ada, NEW).await.expect_problem(401, "insufficient_user_authentication");
        login(&app, NEW).await.expect(401);
    }

    async fn an_ended_session_replaces_nothing_however_fresh(engine: Engine) {
        let app = TestApp::with(engine, fresh).await;
        let ada = app.sign_up("ada").await;
        ada.post_empty("/auth/logout").await.expect(204);
        replace(&ada, NEW).await.expect_problem(401, "invalid_token");
        let eve = app.anonymous().login(ADA, PASSWORD).await;
        crate::accounts::set_active(&app, ADA, false).await;
        replace(&eve, NEW).await.expect_problem(401, "invalid_token");
        crate::accounts::set_active(&app, ADA, true).await;
        login(&app, PASSWORD).await.expect(200);
    }
}
