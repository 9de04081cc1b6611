//! A refresh token one step behind, where no access token is ever seen here because other services take
//! them: a lost answer is believed, a thief who takes turns with the owner is not.

use std::time::Duration;

use futures_util::future::join_all;

use crate::accounts::sql;
use crate::both;
use crate::sessions::{refresh, rotate};
use crate::support::TestApp;

const MINUTE: Duration = Duration::from_mins(1);

both! {
    async fn a_thief_and_an_owner_who_take_turns_are_found_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let first = ada.refresh_token.clone().expect("a token");
        let replica = app.replica().await;
        // The thief calls the other server, twenty minutes after the owner.
        let clients = [ada.clone(), replica.anonymous()];
        let mut tokens = [first.clone(), first];
        let mut turns = 0;
        let reply = 'caught: loop {
            for (client, token) in clients.iter().zip(&mut tokens) {
                app.advance(20 * MINUTE);
                let reply = refresh(client, token).await;
                if reply.status != 200 {
                    break 'caught reply;
                }
                reply.json()["refresh_token"].as_str().expect("a token").clone_into(token);
            }
            turns += 1;
            assert!(turns < 10, "neither is found out");
        };
        reply.expect_problem(401, "refresh_token_reused");
        for (client, token) in clients.iter().zip(&tokens) {
            refresh(client, token).await.expect_problem(401, "invalid_refresh_token");
        }
    }

    async fn one_generation_is_repeated_three_times_and_no_more(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let first = ada.refresh_token.clone().expect("a token");
        let (second, _) = rotate(&ada, &first).await;
        for _ in 0..3 {
            app.advance(MINUTE);
            assert_eq!(rotate(&ada, &first).await.0, second);
        }
        app.advance(MINUTE);
        refresh(&ada, &first).await.expect_problem(401, "refresh_token_reused");
        refresh(&ada, &second).await.expect_problem(401, "invalid_refresh_token");
    }

    async fn a_client_that_loses_an_answer_now_and_then_is_never_logged_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let mut token = ada.refresh_token.clone().expect("a token");
        for round in 0..20 {
            app.advance(MINUTE);
            let (next, _) = rotate(&ada, &token).await;
            if round % 2 == 0 {
                app.advance(MINUTE);
                assert_eq!(rotate(&ada, &token).await.0, next, "asked again");
            }
            token = next;
        }
    }

    async fn tabs_that_wake_up_together_after_a_lost_answer_count_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let first = ada.refresh_token.clone().expect("a token");
        let (second, _) = rotate(&ada, &first).await;
        let other = app.replica().await.anonymous();
        for _ in 0..3 {
            app.advance(MINUTE);
            let tabs = (0..16).map(|tab| if tab % 2 == 0 { &ada } else { &other });
            for (token, _) in join_all(tabs.map(|tab| rotate(tab, &first))).await {
                assert_eq!(token, second);
            }
        }
        let counted: Vec<i64> = sql(&app, "SELECT repeats FROM sessions").await;
        assert_eq!(counted, [3]);
    }
}
