//! `POST /auth/refresh` with an access token alone, by setting: what front ends get by it, and thieves do not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::{set_active, sql};
use crate::both;
use crate::identities::{bearer, hs256, lasting};
use crate::sessions::{part, refresh, rotate};
use crate::support::client::PASSWORD;
use crate::support::{Client, Engine, TestApp};

const HOUR: Duration = Duration::from_hours(1);

async fn renewing(engine: Engine) -> TestApp {
    TestApp::with(engine, |settings| {
        settings.refresh_with_access_token = true;
        settings.access_token_ttl = HOUR;
        settings.session_idle_ttl = 3 * HOUR;
        settings.session_max_ttl = 4 * HOUR;
    })
    .await
}

async fn renew(client: &Client) -> Value {
    client.post_empty("/auth/refresh").await.expect(200).json()
}

fn with(client: &Client, answer: &Value) -> Client {
    client.with_token(answer["access_token"].as_str().expect("a token"))
}

const ROW: &str = "SELECT CAST(s.expires_at AS TEXT) || CAST(s.rotated_at AS TEXT) \
    || CAST(s.last_seen_at AS TEXT) || CAST(s.counter AS TEXT) || CAST(s.confirmed AS TEXT) FROM sessions s";

both! {
    async fn an_access_token_alone_gets_nothing_unless_the_setting_says_so(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let reply = ada.post_empty("/auth/refresh").await;
        assert_eq!(reply.status, 415, "{}", reply.text());
    }

    async fn a_live_session_gets_another_access_token_and_nothing_else(engine: Engine) {
        let app = renewing(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(Duration::from_mins(59));
        let reply = ada.post_empty("/auth/refresh").await.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        let answer = reply.json();
        let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(members, ["access_token", "expires_in", "token_type", "user"], "no refresh token");
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(3600)));
        assert_eq!(answer["user"], ada.user);
        let (old, new) = (part(ada.token.as_ref().unwrap(), 1), part(answer["access_token"].as_str().unwrap(), 1));
        assert_eq!((&new["sid"], &new["sub"], &new["gen"]), (&old["sid"], &old["sub"], &old["gen"]));
        assert_ne!(new["jti"], old["jti"]);
        app.advance(Duration::from_mins(2));
        ada.get("/auth/me").await.expect_problem(401, "token_expired");
        with(&ada, &answer).get("/auth/me").await.expect(200);
    }

    async fn roles_are_those_of_the_moment(engine: Engine) {
        let app = renewing(engine).await;
        let ada = app.sign_up("ada").await;
        crate::accounts::grant_admin(&app, "ada@example.com").await;
        let answer = renew(&ada).await;
        assert_eq!(part(answer["access_token"].as_str().unwrap(), 1)["roles"], json!(["admin", "user"]));
        assert_eq!(answer["user"]["roles"], json!(["admin", "user"]));
    }

    async fn no_limit_moves_so_a_stolen_token_ends_with_the_session(engine: Engine) {
        let app = renewing(engine).await;
        let mut thief = app.sign_up("ada").await;
        let before: Vec<String> = sql(&app, ROW).await;
        for _ in 0..3 {
            app.advance(Duration::from_mins(50));
            let answer = renew(&thief).await;
            thief = with(&thief, &answer);
        }
        assert_eq!(sql::<String>(&app, ROW).await, before);
        let answer = renew(&thief).await;
        assert_eq!(answer["expires_in"], 30 * 60, "the idle limit");
        app.advance(Duration::from_mins(30));
        let dead = with(&thief, &answer).post_empty("/auth/refresh").await;
        assert_eq!(dead.status, 401, "{}", dead.text());
    }

    async fn refreshing_moves_the_idle_limit_and_nothing_the_absolute_one(engine: Engine) {
        let app = renewing(engine).await;
        let mut ada = app.sign_up("ada").await;
        let mut token = ada.refresh_token.clone().unwrap();
        for _ in 0..2 {
            app.advance(Duration::from_mins(50));
            let (next, access) = rotate(&ada, &token).await;
            (token, ada) = (next, ada.with_token(&access));
        }
        for _ in 0..2 {
            app.advance(Duration::from_mins(50));
            let answer = renew(&ada).await;
            ada = with(&ada, &answer);
        }
        app.advance(Duration::from_mins(39));
        assert_eq!(renew(&ada).await["expires_in"], 60);
        app.advance(Duration::from_mins(1));
        ada.post_empty("/auth/refresh").await.expect(401);
        refresh(&ada, &token).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn what_ends_the_session_or_the_user_ends_it_too(engine: Engine) {
        let app = renewing(engine).await;
        let ada = app.sign_up("ada").await;
        let phone = app.anonymous().login("ada@example.com", PASSWORD).await;
        let renewed = with(&ada, &renew(&ada).await);
        renewed.post_empty("/auth/logout").await.expect(204);
        for ended in [&ada, &renewed] {
            ended.post_empty("/auth/refresh").await.expect_problem(401, "invalid_token");
        }
        set_active(&app, "ada@example.com", false).await;
        phone.post_empty("/auth/refresh").await.expect_problem(401, "invalid_token");
        set_active(&app, "ada@example.com", true).await;
        let new = json!({"current_password": PASSWORD, "new_password": "tortoise hare beetle"});
        let stolen = app.anonymous().login("ada@example.com", PASSWORD).await;
        phone.post("/auth/password", new).await.expect(204);
        stolen.post_empty("/auth/refresh").await.expect_problem(401, "invalid_token");
    }

    async fn a_token_that_does_not_count_renews_nothing(engine: Engine) {
        let app = renewing(engine).await;
        let ada = app.sign_up("ada").await;
        let token = ada.token.clone().unwrap();
        let refresh_token = ada.refresh_token.clone().unwrap();
        for bad in [&token[..token.len() - 2], "nonsense", "", &refresh_token] {
            let reply = ada.with_token(bad).post_empty("/auth/refresh").await.expect(401);
            assert!(reply.json()["access_token"].is_null());
        }
        app.advance(HOUR);
        ada.post_empty("/auth/refresh").await.expect_problem(401, "token_expired");
        app.anonymous().post_empty("/auth/refresh").await.expect(415);
    }

    async fn another_issuer_s_token_renews_nothing(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.refresh_with_access_token = true;
            settings.accept_shared_secret_tokens = true;
        })
        .await;
        let ada = bearer(&app, &hs256(&lasting(&app, json!({"sub": "17"}))));
        ada.get("/auth/me").await.expect(200);
        ada.post_empty("/auth/refresh").await.expect_problem(401, "invalid_token");
    }

    async fn a_refresh_token_in_the_body_counts_whatever_the_header_says(engine: Engine) {
        let app = renewing(engine).await;
        let ada = app.sign_up("ada").await;
        app.advance(2 * HOUR);
        let body = json!({"refresh_token": ada.refresh_token});
        let tokens = ada.post("/auth/refresh", body).await.expect(200).json();
        assert!(tokens["refresh_token"].is_string());
        let renewed = with(&ada, &tokens);
        renewed.post("/auth/refresh", json!({})).await.expect_problem(422, "validation");
        let wrong = json!({"refresh_token": "nonsense"});
        renewed.post("/auth/refresh", wrong).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn in_a_dialect_a_refresh_token_may_be_the_bearer_where_there_is_no_body(engine: Engine) {
        for renews in [false, true] {
            let app = TestApp::with(engine, |settings| {
                settings.compat = vec!["fastapi-users".into()];
                settings.refresh_with_access_token = renews;
            })
            .await;
            let ada = app.sign_up("ada").await;
            let sent = ada.with_token(ada.refresh_token.as_deref().expect("a token"));
            let tokens = sent.post_empty("/auth/refresh").await.expect(200).json();
            assert_ne!(tokens["refresh_token"], json!(ada.refresh_token));
            with(&ada, &tokens).get("/auth/me").await.expect(200);
            // It opens nothing else.
            sent.get("/auth/me").await.expect(401);
            let wrong = ada.with_token("dwr_nonsense");
            wrong.post_empty("/auth/refresh").await.expect(401);
        }
    }

    async fn a_lost_answer_is_still_repaired_after_a_renewal(engine: Engine) {
        let app = renewing(engine).await;
        let ada = app.sign_up("ada").await;
        let first = ada.refresh_token.clone().unwrap();
        // The answer to this one is lost; the client goes on with the access token it has.
        let (second, _) = rotate(&ada, &first).await;
        let renewed = with(&ada, &renew(&ada).await);
        renewed.get("/auth/me").await.expect(200);
        app.advance(Duration::from_mins(1));
        assert_eq!(rotate(&ada, &first).await.0, second, "not taken for theft");
    }

    async fn a_renewed_token_is_no_recent_sign_in(engine: Engine) {
        let app = TestApp::with(engine, |settings| {
            settings.refresh_with_access_token = true;
            settings.email_change = doorward::config::EmailChange::Immediate;
        })
        .await;
        let ada = app.sign_up("ada").await;
        app.advance(HOUR);
        let renewed = with(&ada, &renew(&ada).await);
        let change = renewed.patch("/auth/me", json!({"email": "thief@example.com"})).await;
        change.expect_problem(401, "insufficient_user_authentication");
    }
}
