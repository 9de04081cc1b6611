//! Rate limits that several nodes share through Redis, with a real one: shared while it is there, per
//! node while it is not, and never a request kept waiting or failed.

use std::time::{Duration, Instant};

use doorward::config::{Quota, RedisUrl};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::redis::Redis;
use crate::support::{Client, Engine, TestApp};

const OFFICE: &str = "203.0.113.7";

async fn node(redis: &str) -> TestApp {
    TestApp::with(Engine::Sqlite, |settings| {
        settings.redis_url = Some(RedisUrl::parse(redis).expect("an address"));
        settings.rate_limit_login = Some(Quota { requests: 5, window: Duration::from_hours(1) });
        settings.login_max_failures = 100;
    })
    .await
}

async fn guess(client: &Client) -> u16 {
    let body = json!({"email": "nobody@example.com", "password": "not it"});
    client.post("/auth/login", body).await.status
}

fn office(node: &TestApp) -> Client {
    node.anonymous().from(OFFICE)
}

/// How many guesses two nodes allow one address, of twelve.
async fn allowed(nodes: [&TestApp; 2], ip: &str) -> usize {
    let mut count = 0;
    for number in 0..12 {
        count += usize::from(guess(&nodes[number % 2].anonymous().from(ip)).await == 401);
    }
    count
}

#[tokio::test]
async fn two_nodes_share_one_quota_and_a_restarted_one_finds_it_again() {
    let Some(redis) = Redis::start().await else { return };
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    for client in [office(&one), office(&two), office(&one), office(&two), office(&one)] {
        assert_eq!(guess(&client).await, 401);
    }
    let body = json!({"email": "nobody@example.com", "password": "not it"});
    let refused = office(&two).post("/auth/login", body).await.expect_problem(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").parse().expect("an integer");
    assert!((715..=720).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit-policy"), "\"login\";q=5;w=3600");
    assert_eq!(refused.header("ratelimit"), format!("\"login\";r=0;t={wait}"));
    assert_eq!(guess(&office(&node(&redis.url()).await)).await, 429);
    assert_eq!(guess(&one.anonymous().from("203.0.113.8")).await, 401);
}

#[tokio::test]
async fn a_burst_over_two_nodes_gets_one_quota() {
    let Some(redis) = Redis::start().await else { return };
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    let clients = [office(&one), office(&two)];
    let burst = (0..100).map(|number| guess(&clients[number % 2]));
    let statuses = join_all(burst).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5);
}

#[tokio::test]
async fn without_redis_each_node_counts_for_itself_and_nobody_waits() {
    let Some(redis) = Redis::start().await else { return };
    let (one, two) = (node(&redis.url()).await, node(&redis.url()).await);
    for _ in 0..5 {
        assert_eq!(guess(&office(&one)).await, 401);
    }
    assert_eq!(guess(&office(&two)).await, 429);
    let port = redis.port;
    drop(redis);
    let began = Instant::now();
    for node in [&one, &two] {
        for _ in 0..5 {
            assert_eq!(guess(&office(node)).await, 401);
        }
        assert_eq!(guess(&office(node)).await, 429);
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(allowed([&one, &two], "192.0.2.254").await, 10);
    let Some(_redis) = Redis::start_on(port).await else { return };
    for attempt in 1..50 {
        if allowed([&one, &two], &format!("192.0.2.{attempt}")).await == 5 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the limits are not shared again");
}

#[tokio::test]
async fn a_redis_that_hangs_delays_a_sign_in_by_a_blink() {
    let Some(redis) = Redis::start().await else { return };
    let node = node(&redis.url()).await;
    assert_eq!(guess(&office(&node)).await, 401);
    redis.signal("STOP");
    let began = Instant::now();
    for _ in 0..5 {
        assert_eq!(guess(&office(&node)).await, 401);
    }
    let took = began.elapsed();
    redis.signal("CONT");
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[tokio::test]
async fn a_redis_that_was_never_there_is_no_obstacle() {
    let port = crate::support::postgres::free_port();
    let node = node(&format!("redis://127.0.0.1:{port}")).await;
    let began = Instant::now();
    for _ in 0..5 {
        assert_eq!(guess(&office(&node)).await, 401);
    }
    assert_eq!(guess(&office(&node)).await, 429);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}
