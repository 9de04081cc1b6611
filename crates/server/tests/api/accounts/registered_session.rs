//! `POST /auth/register` where it begins a session, by `REGISTRATION_SIGNS_IN`.

use doorward::config::Registration;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::register::{count, register};
use super::sql;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

/// What an application does that answers registrations with tokens.
async fn signs_in(engine: Engine) -> TestApp {
    TestApp::with(engine, |settings| settings.registration_signs_in = true).await
}

async fn sessions(app: &TestApp) -> i64 {
    sql(app, "SELECT count(*) FROM sessions").await[0]
}

both! {
    async fn registering_signs_nobody_in_unless_the_setting_says_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let reply = register(&app.anonymous(), "ada@example.com", PASSWORD).await.expect(201).json();
        assert_eq!((&reply["access_token"], sessions(&app).await), (&Value::Null, 0));
    }

    async fn registering_answers_with_the_tokens_of_a_session_where_the_setting_says_so(engine: Engine) {
        let app = signs_in(engine).await;
        let from = app.anonymous().from("203.0.113.7");
        let reply = register(&from, "Ada@Example.com", PASSWORD).await.expect(201);
        assert_eq!((reply.header("location"), reply.header("cache-control")), ("/auth/me", "no-store"));
        let tokens = reply.json();
        let signed_in = from.login("ada@example.com", PASSWORD).await;
        let after = signed_in.post("/auth/refresh", json!({"refresh_token": signed_in.refresh_token})).await;
        let names = |reply: &Value| -> Vec<String> { reply.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(names(&tokens), names(&after.expect(200).json()), "what signing in answers with");
        assert_eq!((&tokens["expires_in"], &tokens["refresh_expires_in"]), (&json!(86_400), &json!(30 * 86_400)));
        let ada = from.with_token(tokens["access_token"].as_str().unwrap());
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), tokens["user"]);
        assert_eq!(tokens["user"]["email"], "Ada@Example.com");
        let listed = ada.get("/auth/sessions").await.expect(200).json();
        let current = listed.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        assert_eq!(current["ip"], "203.0.113.7");
        let refreshed = ada.post("/auth/refresh", json!({"refresh_token": tokens["refresh_token"]})).await.expect(200);
        ada.with_token(refreshed.json()["access_token"].as_str().unwrap()).post_empty("/auth/logout").await.expect(204);
        ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    }

    async fn a_registration_that_signs_in_is_recorded_as_both(engine: Engine) {
        let app = signs_in(engine).await;
        register(&app.anonymous().from("203.0.113.7"), "ada@example.com", PASSWORD).await.expect(201);
        let text = "SELECT a.event || ' ' || a.outcome || ' ' || a.ip FROM audit_log a \
            LEFT JOIN sessions s ON s.id = a.session_id \
            WHERE a.subject_id = (SELECT u.id FROM users u) AND (a.event = 'account.register' OR s.user_id = a.subject_id) \
            ORDER BY a.event";
        let records: Vec<String> = sql(&app, text).await;
        assert_eq!(records, ["account.register success 203.0.113.7", "login success 203.0.113.7"]);
    }

    async fn a_refused_registration_begins_no_session(engine: Engine) {
        let app = signs_in(engine).await;
        register(&app.anonymous(), "ada@example.com", PASSWORD).await.expect(201);
        register(&app.anonymous(), "ADA@example.com", PASSWORD).await.expect_problem(409, "email_taken");
        register(&app.anonymous(), "eve@example.com", "password1").await.expect_problem(422, "validation");
        let replica = app.replica().await;
        let clients: Vec<Client> =
            (0..16).map(|n| if n % 2 == 0 { app.anonymous() } else { replica.anonymous() }).collect();
        let racers = join_all(clients.iter().map(|client| register(client, "eve@example.com", PASSWORD))).await;
        assert_eq!(racers.iter().filter(|reply| reply.status == 201).count(), 1);
        assert!(racers.iter().all(|reply| reply.status == 201 || reply.json()["access_token"].is_null()));
        assert_eq!((count(&app).await, sessions(&app).await), (2, 2));
        let closed = TestApp::over(&app.url, app.clock.clone(), 3, |settings| {
            (settings.registration, settings.registration_signs_in) = (Registration::Closed, true);
        })
        .await;
        register(&closed.anonymous(), "bob@example.com", PASSWORD).await.expect_problem(403, "registration_closed");
        assert_eq!((count(&app).await, sessions(&app).await), (2, 2));
    }

    async fn registrations_that_sign_in_count_as_registrations(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.registration_signs_in = true;
            settings.rate_limit_register = doorward::config::Quota::parse("2/1m").expect("a quota");
        })
        .await;
        let client = app.anonymous();
        for number in 0..2 {
            register(&client, &format!("u{number}@example.com"), PASSWORD).await.expect(201);
        }
        register(&client, "u2@example.com", PASSWORD).await.expect_problem(429, "rate_limited");
        client.login("u0@example.com", PASSWORD).await;
    }

    async fn whoever_registered_here_is_no_stranger_when_others_guess(engine: Engine) {
        let app = signs_in(engine).await;
        let home = app.anonymous().from("203.0.113.7");
        register(&home, "ada@example.com", PASSWORD).await.expect(201);
        let eve = app.anonymous().from("198.51.100.1");
        for _ in 0..12 {
            eve.post("/auth/login", json!({"email": "ada@example.com", "password": "not it"})).await;
        }
        for _ in 0..3 {
            // Past the few guesses of a network that is new.
            home.post("/auth/login", json!({"email": "ada@example.com", "password": "a slip"})).await.expect(401);
        }
        home.login("ada@example.com", PASSWORD).await;
    }
}
