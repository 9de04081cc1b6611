//! `POST /auth/refresh`: an honest client is never logged out, a thief is.

use std::collections::HashSet;
use std::time::Duration;

use doorward::config::{Secret, Settings};
use futures_util::future::join_all;
use serde_json::json;

use crate::accounts::sql;
use crate::both;
use crate::sessions::{part, refresh, rotate};
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

async fn signed_up(app: &TestApp) -> (Client, String) {
    let ada = app.sign_up("ada").await;
    let token = ada.refresh_token.clone().unwrap();
    (ada, token)
}

fn no_forgiveness(settings: &mut Settings) {
    settings.refresh_grace = Duration::ZERO;
    settings.refresh_retry = Duration::ZERO;
}

both! {
    async fn each_use_returns_new_tokens_of_the_same_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        app.advance(DAY);
        let reply = refresh(&ada, &first).await.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        let tokens = reply.json();
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(86_400)));
        assert_eq!(tokens["refresh_expires_in"], 30 * 86_400, "the idle limit starts anew");
        assert_ne!(tokens["refresh_token"].as_str().unwrap(), first);
        let (old, new) = (part(ada.token.as_ref().unwrap(), 1), part(tokens["access_token"].as_str().unwrap(), 1));
        assert_eq!((&new["sid"], &new["sub"], &new["gen"]), (&old["sid"], &old["sub"], &json!(1)));
        ada.with_token(tokens["access_token"].as_str().unwrap()).get("/auth/me").await.expect(200);
    }

    async fn a_form_refreshes_too(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (_, first) = signed_up(&app).await;
        let client = app.anonymous();
        let wrong = [("grant_type", "password"), ("refresh_token", first.as_str())];
        let reply = client.post_form("/auth/refresh", &wrong).await.expect_problem(422, "validation");
        assert_eq!(reply.json()["error"], "unsupported_grant_type");
        let form = [("grant_type", "refresh_token"), ("refresh_token", first.as_str())];
        client.post_form("/auth/refresh", &form).await.expect(200);
        let form = [("refresh_token", "nonsense")];
        let reply = client.post_form("/auth/refresh", &form).await.expect_problem(401, "invalid_refresh_token");
        assert_eq!(reply.json()["error"], "invalid_grant");
    }

    async fn a_lost_answer_is_repaired_by_asking_again(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        app.advance(Duration::from_hours(1));
        let (again, access) = rotate(&ada, &first).await;
        assert_eq!(again, second, "the current token, not another one");
        assert_eq!(part(&access, 1)["gen"], 1);
        rotate(&ada, &second).await;
    }

    async fn a_repeated_answer_extends_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        rotate(&ada, &first).await;
        let limits = "SELECT CAST(expires_at AS TEXT) || CAST(last_seen_at AS TEXT) || CAST(rotated_at AS TEXT) FROM sessions";
        let before: Vec<String> = sql(&app, limits).await;
        app.advance(Duration::from_mins(30));
        let reply = refresh(&ada, &first).await.expect(200).json();
        assert_eq!(reply["refresh_expires_in"], 30 * 86_400 - 1800);
        let after: Vec<String> = sql(&app, limits).await;
        assert_eq!(before, after);
    }

    async fn a_lost_answer_is_no_longer_forgiven_after_the_retry_time(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        app.advance(Duration::from_secs(3601));
        refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
        refresh(&ada, &second).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn a_second_tab_within_the_grace_gets_the_same_successor(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, access) = rotate(&ada, &first).await;
        ada.with_token(&access).get("/auth/me").await.expect(200);
        app.advance(Duration::from_secs(10));
        assert_eq!(rotate(&ada, &first).await.0, second);
    }

    async fn a_replay_after_the_successor_was_confirmed_ends_the_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, access) = rotate(&ada, &first).await;
        let owner = ada.with_token(&access);
        owner.get("/auth/me").await.expect(200);
        app.advance(Duration::from_secs(11));
        let reply = refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        owner.get("/auth/me").await.expect_problem(401, "invalid_token");
        for token in [&first, &second] {
            refresh(&ada, token).await.expect_problem(401, "invalid_refresh_token");
        }
        let reasons: Vec<String> =
            sql(&app, "SELECT end_reason FROM sessions WHERE ended_at IS NOT NULL").await;
        assert_eq!(reasons, ["refresh_token_reused"]);
        app.anonymous().login("ada@example.com", PASSWORD).await;
    }

    async fn a_write_confirms_the_successor_as_a_read_does(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (_, access) = rotate(&ada, &first).await;
        ada.with_token(&access).patch("/auth/me", json!({"name": "Ada"})).await.expect(200);
        app.advance(Duration::from_secs(11));
        refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
    }

    async fn an_old_access_token_confirms_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        ada.get("/auth/me").await.expect(200);
        app.advance(Duration::from_mins(1));
        assert_eq!(rotate(&ada, &first).await.0, second, "its client never saw the answer");
    }

    async fn a_replayed_token_two_steps_behind_ends_the_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        let (third, access) = rotate(&ada, &second).await;
        refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
        refresh(&ada, &third).await.expect_problem(401, "invalid_refresh_token");
        ada.with_token(&access).get("/auth/me").await.expect_problem(401, "invalid_token");
        ada.get("/auth/me").await.expect_problem(401, "invalid_token");
    }

    async fn three_generations_within_one_second_leave_only_the_newest(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        let (third, _) = rotate(&ada, &second).await;
        assert_eq!(rotate(&ada, &second).await.0, third, "one step behind, inside the grace");
        refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
    }

    async fn without_grace_and_retry_every_replay_is_theft(engine: Engine) {
        let app = TestApp::with(engine, no_forgiveness).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
        refresh(&ada, &second).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn reuse_is_detected_by_another_replica_and_after_a_restart(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        let replica = app.replica().await.anonymous();
        let (third, _) = rotate(&replica, &second).await;
        refresh(&replica, &first).await.expect_problem(401, "refresh_token_reused");
        refresh(&ada, &third).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn sixty_four_concurrent_refreshes_agree_on_one_successor(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let other = app.replica().await.anonymous();
        let clients = (0..64).map(|n| if n % 2 == 0 { ada.clone() } else { other.clone() });
        let clients: Vec<Client> = clients.collect();
        let replies = join_all(clients.iter().map(|client| rotate(client, &first))).await;
        let successors: HashSet<&String> = replies.iter().map(|(token, _)| token).collect();
        assert_eq!(successors.len(), 1);
        assert!(!successors.contains(&first));
        let counters: Vec<i64> = sql(&app, "SELECT counter FROM sessions").await;
        assert_eq!(counters, [1]);
        for (_, access) in &replies {
            ada.with_token(access).get("/auth/me").await.expect(200);
        }
        rotate(&ada, &replies[0].0).await;
    }

    async fn sixteen_concurrent_refreshes_without_forgiveness_have_one_winner(engine: Engine) {
        let app = TestApp::with(engine, no_forgiveness).await;
        let (ada, first) = signed_up(&app).await;
        let other = app.replica().await;
        let uses = (0..16).map(|number| {
            let client = if number % 2 == 0 { ada.clone() } else { ada.through(&other) };
            let first = first.clone();
            tokio::spawn(async move { refresh(&client, &first).await.status })
        });
        let uses = join_all(uses.collect::<Vec<_>>()).await;
        let mut statuses: Vec<u16> = uses.into_iter().map(|it| it.expect("no panic")).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (200, &[401; 15][..]));
    }

    async fn a_chain_of_1000_refreshes_holds(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, mut token) = signed_up(&app).await;
        let mut seen = HashSet::from([token.clone()]);
        for _ in 0..1000 {
            app.advance(SECOND);
            token = rotate(&ada, &token).await.0;
            assert!(seen.insert(token.clone()));
        }
        let counters: Vec<i64> = sql(&app, "SELECT counter FROM sessions").await;
        assert_eq!(counters, [1000]);
    }

    async fn a_refresh_racing_logout_leaves_nothing_alive(engine: Engine) {
        let app = TestApp::start(engine).await;
        app.sign_up("ada").await;
        for round in 0..20 {
            let ada = app.anonymous().login("ada@example.com", PASSWORD).await;
            let first = ada.refresh_token.clone().unwrap();
            let scope = ["", "?scope=all"][round % 2];
            let path = format!("/auth/logout{scope}");
            let (refreshed, left) = tokio::join!(refresh(&ada, &first), ada.post_empty(&path));
            left.expect(204);
            refresh(&ada, &first).await.expect(401);
            if refreshed.status == 200 {
                let tokens = refreshed.json();
                let access = tokens["access_token"].as_str().unwrap();
                ada.with_token(access).get("/auth/me").await.expect(401);
                refresh(&ada, tokens["refresh_token"].as_str().unwrap()).await.expect(401);
            }
        }
    }

    async fn a_wrong_mac_raises_no_alarm(engine: Engine) {
        let app = TestApp::with(engine, no_forgiveness).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        let flip = |token: &str, place: usize| {
            let other = if &token[place..=place] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &token[..place], &token[place + 1..])
        };
        for place in [10, 30, 36, 45, 60, 80] {
            for token in [&first, &second] {
                refresh(&ada, &flip(token, place)).await.expect_problem(401, "invalid_refresh_token");
            }
        }
        rotate(&ada, &second).await;
    }

    async fn tokens_of_other_kinds_and_nonsense_are_merely_invalid(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let access = ada.token.clone().unwrap();
        for token in ["", "dwr_", "x", "dwr_AAAA", access.as_str(), &first[4..], &"x".repeat(5_000)] {
            refresh(&ada, token).await.expect_problem(401, "invalid_refresh_token");
        }
        for body in [json!({}), json!({"refresh_token": null}), json!({"refresh_token": 1})] {
            app.anonymous().post("/auth/refresh", body).await.expect_problem(422, "validation");
        }
        rotate(&ada, &first).await;
    }

    async fn a_counter_above_the_stored_one_is_merely_invalid(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let (second, _) = rotate(&ada, &first).await;
        let (third, _) = rotate(&ada, &second).await;
        sql::<()>(&app, "UPDATE sessions SET counter = 1").await;
        refresh(&ada, &third).await.expect_problem(401, "invalid_refresh_token");
        rotate(&ada, &second).await;
    }

    async fn idle_and_absolute_limits_end_a_session(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, mut token) = signed_up(&app).await;
        let idle = app.anonymous().login("ada@example.com", PASSWORD).await;
        for month in 1..=6 {
            app.advance(29 * DAY);
            let reply = refresh(&ada, &token).await.expect(200).json();
            reply["refresh_token"].as_str().unwrap().clone_into(&mut token);
            let left = (180 - 29 * month).min(30) * 86_400;
            assert_eq!(reply["refresh_expires_in"], left);
        }
        refresh(&idle, idle.refresh_token.as_ref().unwrap()).await.expect_problem(401, "invalid_refresh_token");
        app.advance(6 * DAY);
        refresh(&ada, &token).await.expect_problem(401, "invalid_refresh_token");
        app.clock.rewind(Duration::from_hours(1));
        let (_, access) = rotate(&ada, &token).await;
        let claims = part(&access, 1);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    }

    async fn a_disabled_or_deleted_user_refreshes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, token) = signed_up(&app).await;
        sql::<()>(&app, "UPDATE users SET is_active = FALSE").await;
        refresh(&ada, &token).await.expect_problem(401, "invalid_refresh_token");
        sql::<()>(&app, "UPDATE users SET is_active = TRUE").await;
        let (token, _) = rotate(&ada, &token).await;
        sql::<()>(&app, "DELETE FROM users").await;
        refresh(&ada, &token).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn roles_are_fresh_in_the_next_access_token(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, token) = signed_up(&app).await;
        let grant = "INSERT INTO user_roles (user_id, role) SELECT u.id, 'admin' FROM users u";
        sql::<()>(&app, grant).await;
        let (_, access) = rotate(&ada, &token).await;
        assert_eq!(part(&access, 1)["roles"], json!(["admin", "user"]));
    }

    async fn a_rotated_secret_keeps_sessions_and_retires_when_dropped(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, first) = signed_up(&app).await;
        let new = || Secret::new("the next secret of more than thirty-two bytes");
        let old = (*app.app.settings).clone();
        let rotated = TestApp::over(&app.url, app.clock.clone(), 4, |settings| {
            settings.previous_secrets = vec![old.secret.clone()];
            settings.secret = new();
        }).await;
        let retired = TestApp::over(&app.url, app.clock.clone(), 5, |settings| settings.secret = new()).await;
        refresh(&retired.anonymous(), &first).await.expect_problem(401, "invalid_refresh_token");
        let client = ada.through(&rotated);
        client.get("/auth/me").await.expect(200);
        let (second, access) = rotate(&client, &first).await;
        let kid = |token: &str| part(token, 0)["kid"].clone();
        assert_ne!(kid(&access), kid(ada.token.as_ref().unwrap()), "signed by the new secret");
        let after = ada.through(&retired);
        after.get("/auth/me").await.expect_problem(401, "invalid_token");
        after.with_token(&access).get("/auth/me").await.expect(200);
        rotate(&after, &second).await;
    }

    async fn the_user_in_the_answer_is_the_one_of_the_own_account(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let changes = [
            json!({"locale": "de"}),
            json!({"locale": null, "user_metadata": {"note": "a\nb"}}),
            json!({"locale": "pt-BR", "user_metadata": {"note": null}}),
        ];
        let mut token = ada.refresh_token.clone().expect("a refresh token");
        for change in changes {
            ada.patch("/auth/me", change).await.expect(200);
            let body = json!({"refresh_token": token});
            let reply = ada.post("/auth/refresh", body).await.expect(200).json();
            token = reply["refresh_token"].as_str().expect("a token").into();
            assert_eq!(reply["user"], ada.get("/auth/me").await.expect(200).json());
        }
    }
}
