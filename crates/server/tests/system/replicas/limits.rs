//! Rate limits of two processes: each has its own, unless they share them through Redis; and each has
//! its own again while Redis is away, which the log says.

use std::time::Duration;

use serde_json::json;

use crate::replicas::pair::Pair;
use crate::support::Engine;
use crate::support::process::Server;
use crate::support::redis::Redis;

const FIVE: (&str, &str) = ("RATE_LIMIT_LOGIN", "5/1h");
const AWAY: &str = "Redis is unavailable: each node counts separately until it is back";
const BACK: &str = "Redis is back: rate limits are shared again";

/// How many of twenty sign-ins, at the two processes in turn, one address is allowed.
async fn allowed(pair: &Pair, ip: &str) -> usize {
    let mut allowed = 0;
    for number in 0..20 {
        let body = json!({"email": format!("x{number}@example.com"), "password": "not it"});
        match pair.client(number).from(ip).post("/auth/login", body).await.status {
            401 => allowed += 1,
            other => assert_eq!(other, 429),
        }
    }
    allowed
}

/// Tries with an address of its own each time: a busy machine may keep Redis from answering in a
/// blink, and then a process counts for itself for a second, as it should.
async fn comes_to_allow(pair: &Pair, expected: usize, network: &str) {
    let mut seen = Vec::new();
    for number in 1..30 {
        seen.push(allowed(pair, &format!("{network}.{number}")).await);
        if seen.ends_with(&[expected]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    panic!("never {expected}, but {seen:?}");
}

async fn says(server: &Server, text: &str) {
    let said = async {
        while !server.log().contains(text) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let said = tokio::time::timeout(Duration::from_secs(30), said).await;
    assert!(said.is_ok(), "no {text:?} in {}", server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_each_process_has_a_limit_of_its_own() {
    let pair = Pair::with(Engine::Postgres, &[FIVE]).await;
    assert_eq!(allowed(&pair, "203.0.113.1").await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_redis_they_share_one_and_do_without_it_while_it_is_away() {
    let Some(redis) = Redis::start().await else { return };
    let (url, port) = (redis.url(), redis.port);
    let mut pair = Pair::with(Engine::Postgres, &[FIVE, ("REDIS_URL", &url)]).await;
    comes_to_allow(&pair, 5, "203.0.113").await;
    // Nor does a process that starts anew bring new allowance.
    pair.restart_one().await;
    comes_to_allow(&pair, 5, "198.51.100").await;

    drop(redis);
    assert_eq!(allowed(&pair, "192.0.2.1").await, 10);
    for server in [&pair.one, &pair.two] {
        says(server, AWAY).await;
    }

    let _redis = Redis::start_on(port).await.expect("it was there a moment ago");
    comes_to_allow(&pair, 5, "10.0.0").await;
    for server in [&pair.one, &pair.two] {
        says(server, BACK).await;
    }
}
