//! Rate limits that several nodes share through Redis, with a real one: shared while it is there, per
//! node while it is not, and never a request kept waiting or failed.

use std::time::{Duration, Instant};

use doorward::config::{Quota, RedisUrl};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::redis::Redis;
use crate::support::{Client, Engine, Reply, TestApp};

async fn node(redis: &str) -> TestApp {
    TestApp::with(Engine::Sqlite, |settings| {
        settings.redis_url = Some(RedisUrl::parse(redis).expect("an address"));
        settings.rate_limit_login = Some(Quota { requests: 5, window: Duration::from_hours(1) });
        settings.login_max_failures = 10_000;
    })
    .await
}

async fn sign_in(client: &Client) -> Reply {
    client.post("/auth/login", json!({"email": "nobody@example.com", "password": "not it"})).await
}

async fn guess(client: &Client) -> u16 {
    sign_in(client).await.status
}

/// How many guesses two nodes allow one address, of twelve.
async fn allowed(nodes: [&TestApp; 2], ip: &str) -> usize {
    let mut count = 0;
    for number in 0..12 {
        count += usize::from(guess(&nodes[number % 2].anonymous().from(ip)).await == 401);
    }
    count
}

/// An address of its own for each attempt. A busy machine may keep Redis from answering in a blink:
/// then a node counts for itself, as it should, and looks again after a second.
async fn attempts(mut attempt: impl AsyncFnMut(&str) -> bool) {
    for number in 1..30 {
        if attempt(&format!("203.0.113.{number}")).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    panic!("the limits are not shared");
}

/// A hundred sign-ins from as many addresses wait for Redis once a second at most: waiting each time,
/// they would take twice as long as they may.
async fn nobody_waits(node: &TestApp) {
    let began = Instant::now();
    for number in 1..=100 {
        assert_eq!(guess(&node.anonymous().from(&format!("198.51.100.{number}"))).await, 401);
    }
    assert!(began.elapsed() < Duration::from_millis(7500), "{:?}", began.elapsed());
}

/// A node that counts for itself allows five.
async fn counts_for_itself(node: &TestApp) {
    let client = node.anonymous().from("192.0.2.200");
    for _ in 0..5 {
        assert_eq!(guess(&client).await, 401);
    }
    assert_eq!(guess(&client).await, 429);
}

#[tokio::test]
async fn two_nodes_share_one_quota_and_a_restarted_one_finds_it_again() {
    let Some(redis) = Redis::start().await else { return };
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    attempts(async |ip| {
        if allowed([&one, &two], ip).await != 5 {
            return false;
        }
        let refused = sign_in(&two.anonymous().from(ip)).await;
        let restarted = node(&redis.url()).await;
        if refused.status != 429 || guess(&restarted.anonymous().from(ip)).await != 429 {
            return false;
        }
        let refused = refused.expect_problem(429, "rate_limited");
        let wait: u64 = refused.header("retry-after").parse().expect("an integer");
        // By Redis's own clock, which does not stand still.
        assert!((600..=720).contains(&wait), "{wait}");
        assert_eq!(refused.header("ratelimit-policy"), "\"login\";q=5;w=3600");
        assert_eq!(refused.header("ratelimit"), format!("\"login\";r=0;t={wait}"));
        true
    })
    .await;
}

#[tokio::test]
async fn a_burst_over_two_nodes_gets_one_quota() {
    let Some(redis) = Redis::start().await else { return };
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    attempts(async |ip| {
        let clients = [one.anonymous().from(ip), two.anonymous().from(ip)];
        let statuses = join_all((0..100).map(|number| guess(&clients[number % 2]))).await;
        statuses.iter().filter(|status| **status == 401).count() == 5
    })
    .await;
}

#[tokio::test]
async fn without_redis_each_node_counts_for_itself_and_nobody_waits() {
    let Some(redis) = Redis::start().await else { return };
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    attempts(async |ip| allowed([&one, &two], ip).await == 5).await;
    let port = redis.port;
    drop(redis);
    for node in [&one, &two] {
        nobody_waits(node).await;
        counts_for_itself(node).await;
    }
    let Some(_redis) = Redis::start_on(port).await else { return };
    attempts(async |ip| allowed([&one, &two], &ip.replace("203.0.113", "192.0.2")).await == 5)
        .await;
}

#[tokio::test]
async fn a_redis_that_hangs_delays_a_sign_in_by_a_blink() {
    let Some(redis) = Redis::start().await else { return };
    let node = node(&redis.url()).await;
    assert_eq!(guess(&node.anonymous()).await, 401);
    redis.signal("STOP");
    nobody_waits(&node).await;
    redis.signal("CONT");
}

#[tokio::test]
async fn a_redis_that_was_never_there_is_no_obstacle() {
    let port = crate::support::postgres::free_port();
    let node = node(&format!("redis://127.0.0.1:{port}")).await;
    nobody_waits(&node).await;
    counts_for_itself(&node).await;
}
