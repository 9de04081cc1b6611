//! Changing the own address, `PATCH /auth/me {email}`: what thieves of a token, and people who want another
//! person's account, try with it.

use std::time::Duration;

use doorward::config::{EmailChange, Settings};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::accounts::sql;
use crate::both;
use crate::identities::{bearer, hs256, lasting};
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply, TestApp};

const NEW: &str = "ada@example.org";

fn immediate(settings: &mut Settings) {
    settings.email_change = EmailChange::Immediate;
}

async fn change(client: &Client, email: &str) -> Reply {
    client.patch("/auth/me", json!({"email": email})).await
}

async fn login(app: &TestApp, email: &str) -> Reply {
    app.anonymous().post("/auth/login", json!({"email": email, "password": PASSWORD})).await
}

async fn verify_all(app: &TestApp) {
    sql::<()>(app, "UPDATE users SET email_verified = TRUE").await;
}

/// The client with the access token of a refresh.
async fn refreshed(client: &Client) -> Client {
    let body = json!({"refresh_token": client.refresh_token});
    let tokens = client.post("/auth/refresh", body).await.expect(200).json();
    client.with_token(tokens["access_token"].as_str().expect("a token"))
}

both! {
    async fn the_address_stays_unless_the_setting_says_so_and_the_answer_says_whom_to_ask(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.patch("/auth/me", json!({"email": NEW, "name": "Countess"})).await;
        let problem = reply.expect_problem(422, "validation").json();
        assert_eq!(problem["errors"][0]["loc"], json!(["body", "email"]));
        assert_eq!(problem["detail"], "email: cannot be changed here: ask the operator of this service");
        assert_eq!(ada.get("/auth/me").await.json(), ada.user, "nothing of the request was done");
        login(&app, "ada@example.com").await.expect(200);
    }

    async fn the_present_address_may_be_sent_along_at_any_time(engine: Engine) {
        for setting in [EmailChange::Confirmed, EmailChange::Immediate] {
            let app = TestApp::with(engine, |settings| settings.email_change = setting).await;
            let ada = app.sign_up("ada").await;
            verify_all(&app).await;
            app.advance(Duration::from_hours(12));
            for email in ["ada@example.com", "ADA@Example.COM", " ada@example.com"] {
                let user = ada.patch("/auth/me", json!({"email": email, "name": "Countess"})).await.expect(200).json();
                assert_eq!((&user["email"], &user["name"]), (&json!("ada@example.com"), &json!("Countess")));
                assert_eq!(user["email_verified"], true);
            }
            assert!(audited(&app).await.is_empty());
        }
    }

    async fn a_new_address_counts_at_once_is_unverified_and_ends_nothing(engine: Engine) {
        let app = TestApp::with(engine, immediate).await;
        let ada = app.sign_up("ada").await;
        let phone = ada.login("ada@example.com", PASSWORD).await;
        verify_all(&app).await;
        let user = change(&ada, "Ada@Example.org").await.expect(200).json();
        assert_eq!((&user["email"], &user["email_verified"]), (&json!("Ada@Example.org"), &json!(false)));
        assert_eq!((&user["id"], &user["name"]), (&ada.user["id"], &ada.user["name"]));
        login(&app, NEW).await.expect(200);
        login(&app, "ada@example.com").await.expect_problem(401, "invalid_credentials");
        for client in [&ada, &phone] {
            assert_eq!(client.get("/auth/me").await.expect(200).json(), user);
        }
        assert_eq!(audited(&app).await, ["email.change success"]);
        let text = "SELECT count(*) FROM audit_log a JOIN sessions s ON s.id = a.session_id \
            WHERE a.event = 'email.change' AND a.subject_id = s.user_id AND a.actor_id = s.user_id";
        assert_eq!(sql::<i64>(&app, text).await, [1]);
        // Whoever has the old mailbox may register with it, and finds nothing.
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let other = app.anonymous().post("/auth/register", body).await.expect(201).json();
        assert_ne!(other["id"], ada.user["id"]);
    }

    async fn a_stolen_token_changes_no_address_once_the_sign_in_is_a_quarter_of_an_hour_old(engine: Engine) {
        let app = TestApp::with(engine, immediate).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(10) - Duration::from_micros(1));
        let first = change(&ada, NEW).await.expect(200).json();
        app.advance(Duration::from_micros(1));
        let body = json!({"email": "thief@example.com", "name": "Thief"});
        ada.patch("/auth/me", body.clone()).await.expect_problem(401, "insufficient_user_authentication");
        // A refresh is no sign-in, whoever has the token.
        let thief = refreshed(&ada).await;
        thief.patch("/auth/me", body).await.expect_problem(401, "insufficient_user_authentication");
        assert_eq!(ada.get("/auth/me").await.expect(200).json(), first, "nothing of the request was done");
        assert_eq!(audited(&app).await, ["email.change success"]);
        let again = ada.login(NEW, PASSWORD).await;
        change(&again, "ada@example.net").await.expect(200);
        change(&ada, NEW).await.expect_problem(401, "insufficient_user_authentication");
    }

    async fn the_setting_says_how_recent_a_sign_in_is(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            immediate(settings);
            settings.step_up_age = Duration::from_secs(5);
        })
        .await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_secs(5));
        change(&ada, NEW).await.expect_problem(401, "insufficient_user_authentication");
    }

    async fn an_address_that_is_taken_in_any_case_is_409_and_nothing_changes(engine: Engine) {
        let app = TestApp::with(engine, immediate).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        verify_all(&app).await;
        for email in ["ada@example.com", "ADA@EXAMPLE.COM"] {
            let body = json!({"email": email, "name": "Ada"});
            eve.patch("/auth/me", body).await.expect_problem(409, "email_taken");
        }
        let user = eve.get("/auth/me").await.expect(200).json();
        assert_eq!((&user["email"], &user["name"]), (&json!("eve@example.com"), &json!("eve")));
        assert_eq!(user["email_verified"], true);
        assert_eq!(login(&app, "ada@example.com").await.expect(200).json()["user"]["id"], ada.user["id"]);
        assert!(audited(&app).await.is_empty());
    }

    async fn of_accounts_that_want_one_address_at_once_one_gets_it(engine: Engine) {
        let app = TestApp::with(engine, immediate).await;
        let mut clients = Vec::new();
        for number in 0..8 {
            clients.push(app.sign_up(&format!("u{number}")).await);
        }
        let newcomer = app.anonymous();
        let body = json!({"email": "wanted@example.com", "password": PASSWORD});
        let changes = join_all(clients.iter().map(|client| change(client, "wanted@example.com")));
        let (changes, registered) = tokio::join!(changes, newcomer.post("/auth/register", body));
        let mut statuses: Vec<u16> = changes.iter().map(|reply| reply.status).collect();
        statuses.push(registered.status);
        let got = statuses.iter().filter(|status| [200, 201].contains(*status)).count();
        let taken = statuses.iter().filter(|status| **status == 409).count();
        assert_eq!((got, taken), (1, 8), "{statuses:?}");
        login(&app, "wanted@example.com").await.expect(200);
    }

    async fn what_is_no_address_is_422_and_a_dead_session_401_whatever_the_body(engine: Engine) {
        let app = TestApp::with(engine, immediate).await;
        let ada = app.sign_up("ada").await;
        for email in [json!(null), json!(""), json!("ada"), json!("a@b.example\r\nBcc: c@d.example"), json!(["a@b.example"])] {
            let problem = ada.patch("/auth/me", json!({"email": email})).await.expect_problem(422, "validation");
            assert_eq!(problem.json()["errors"][0]["loc"], json!(["body", "email"]));
        }
        ada.post_empty("/auth/logout").await.expect(204);
        change(&ada, NEW).await.expect_problem(401, "invalid_token");
        change(&ada, "nonsense").await.expect_problem(401, "invalid_token");
        change(&app.anonymous(), NEW).await.expect_problem(401, "not_authenticated");
        login(&app, "ada@example.com").await.expect(200);
    }

    async fn another_issuer_s_person_has_no_sign_in_here_and_keeps_the_address(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            immediate(settings);
            settings.accept_shared_secret_tokens = true;
        })
        .await;
        let claims = json!({"sub": "17", "email": "ada@example.com"});
        let ada = bearer(&app, &hs256(&lasting(&app, claims)));
        change(&ada, NEW).await.expect_problem(401, "insufficient_user_authentication");
        assert_eq!(ada.get("/auth/me").await.expect(200).json()["email"], "ada@example.com");
    }

    async fn taking_somebody_s_address_in_advance_gives_nobody_their_person(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            immediate(settings);
            crate::identities::first_sight::linking(settings);
        })
        .await;
        let eve = app.sign_up("eve").await;
        verify_all(&app).await;
        change(&eve, "ceo@example.com").await.expect(200);
        let ceo = crate::identities::first_sight::abroad(&app, "ceo", "ceo@example.com", true);
        let person: Value = ceo.get("/auth/me").await.expect(200).json();
        assert_ne!(person["id"], eve.user["id"], "the address was proven for another account");
        ceo.post("/api/tasks", json!({"title": "buy the competitor"})).await.expect(201);
        assert_eq!(eve.get("/api/tasks").await.expect(200).json(), json!([]));
    }

    async fn guesses_that_were_counted_stay_counted_under_the_new_address(engine: Engine) {
        let app = TestApp::with(engine, immediate).await;
        let ada = app.sign_up("ada").await;
        let eve = app.anonymous().from("198.51.100.1");
        let guess = |email: &'static str| eve.post("/auth/login", json!({"email": email, "password": "not it"}));
        for _ in 0..20 {
            guess("ada@example.com").await;
        }
        guess("ada@example.com").await.expect_problem(429, "rate_limited");
        change(&ada, NEW).await.expect(200);
        guess(NEW).await.expect_problem(429, "rate_limited");
    }
}

async fn audited(app: &TestApp) -> Vec<String> {
    app.app.audit.flush().await;
    sql(app, "SELECT event || ' ' || outcome FROM audit_log WHERE event = 'email.change'").await
}
