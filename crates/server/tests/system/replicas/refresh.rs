//! Refresh tokens redeemed at two processes: one successor, no honest client logged out, no thief kept.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use crate::replicas::pair::Pair;
use crate::support::client::PASSWORD;
use crate::support::{Client, Reply};

async fn refresh(client: &Client, token: &str) -> Reply {
    client.post("/auth/refresh", json!({"refresh_token": token})).await
}

/// The refresh token and the access token of an answer.
fn tokens(reply: Reply) -> (String, String) {
    let tokens = reply.expect(200).json();
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    (text("refresh_token"), text("access_token"))
}

/// Neither token opens anything at either process.
async fn is_dead(pair: &Pair, refresh_token: &str, access_token: &str) {
    for number in 0..2 {
        let client = pair.client(number).with_token(access_token);
        client.get("/auth/me").await.expect_problem(401, "invalid_token");
        refresh(&client, refresh_token).await.expect(401);
    }
}

both! {
    async fn sixty_four_refreshes_over_two_processes_give_one_successor(engine: Engine) {
        let pair = Pair::start(engine).await;
        let ada = pair.sign_up("ada").await;
        let first = ada.refresh_token.as_deref().expect("a token");
        let uses = (0..64).map(|number| {
            let (client, first) = (pair.client(number), first.to_owned());
            tokio::spawn(async move { refresh(&client, &first).await })
        });
        let replies = join_all(uses.collect::<Vec<_>>()).await;
        let pairs: Vec<_> = replies.into_iter().map(|it| tokens(it.expect("no panic"))).collect();
        let successors: HashSet<&str> = pairs.iter().map(|(token, _)| token.as_str()).collect();
        assert_eq!(successors.len(), 1, "{successors:?}");
        assert!(!successors.contains(first));
        for (number, (_, access)) in pairs.iter().enumerate() {
            pair.client(number + 1).with_token(access).get("/auth/me").await.expect(200);
        }
        tokens(refresh(&pair.two.anonymous(), &pairs[0].0).await);
    }

    async fn a_replay_two_steps_behind_at_the_other_process_ends_the_session_at_both(engine: Engine) {
        let pair = Pair::start(engine).await;
        let ada = pair.sign_up("ada").await;
        let first = ada.refresh_token.as_deref().expect("a token");
        let (second, _) = tokens(refresh(&pair.one.anonymous(), first).await);
        let (third, access) = tokens(refresh(&pair.one.anonymous(), &second).await);
        ada.with_token(&access).get("/auth/me").await.expect(200);
        let replay = refresh(&pair.two.anonymous(), first).await;
        replay.expect_problem(401, "refresh_token_reused");
        is_dead(&pair, &third, &access).await;
        is_dead(&pair, &second, ada.token.as_deref().expect("a token")).await;
    }

    async fn a_refresh_at_one_process_that_races_logout_at_the_other_leaves_nothing_alive(engine: Engine) {
        let pair = Pair::start(engine).await;
        pair.sign_up("ada").await;
        let mut won = 0;
        for round in 0..20 {
            let ada = pair.client(round).login("ada@example.com", PASSWORD).await;
            let first = ada.refresh_token.clone().expect("a token");
            let other = pair.turn(round + 1, &ada);
            let refreshes = (0..4).map(|_| {
                let (ada, first) = (ada.clone(), first.clone());
                tokio::spawn(async move { refresh(&ada, &first).await })
            });
            let path = ["/auth/logout", "/auth/logout?scope=all"][round % 2];
            let (refreshes, left) = tokio::join!(join_all(refreshes.collect::<Vec<_>>()), other.post_empty(path));
            left.expect(204);
            is_dead(&pair, &first, ada.token.as_deref().expect("a token")).await;
            for reply in refreshes {
                let reply = reply.expect("no panic");
                if reply.status == 200 {
                    won += 1;
                    let (refresh_token, access_token) = tokens(reply);
                    is_dead(&pair, &refresh_token, &access_token).await;
                } else {
                    reply.expect(401);
                }
            }
        }
        assert!(won > 0, "every refresh came after its logout");
    }
}
