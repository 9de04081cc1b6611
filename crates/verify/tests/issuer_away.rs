//! An issuer that is away, comes back, or hangs.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use doorward_verify::{Algorithm, Fetch, Fetched, Issuer, Issuers, Rejection, RemoteKeys};
use serde_json::Value;
use support::issuer::{Server, lasting, settled, trusting};
use support::{NOW, Pair, published};

fn unavailable(retry_after: u16) -> Rejection {
    Rejection::KeysUnavailable { retry_after }
}

#[tokio::test]
async fn stale_keys_serve_while_the_issuer_is_away_for_a_day() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    server.publishes(&[pair.jwk("k")]);
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    assert!(issuers.verify(&token, NOW).await.is_ok());
    server.is_away();
    for later in [299, 300, 301, 10_000, 86_399] {
        assert!(issuers.verify(&token, NOW + later).await.is_ok(), "{later}");
        settled().await;
    }
    assert_eq!(server.asked(), 4, "at most once per cool-down");
    assert_eq!(issuers.verify(&token, NOW + 86_429).await.unwrap_err(), unavailable(5));
    server.publishes(&[pair.jwk("k")]);
    assert!(issuers.verify(&token, NOW + 86_434).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_comes_back_is_noticed_within_seconds() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    let (issuers, token) = (trusting(&server), lasting(&pair, "k"));
    let mut now = NOW;
    // What `Retry-After` says is true: then, and not before, it is asked again.
    for (asked, pause) in [(1, 1), (2, 2), (3, 4), (4, 5), (5, 5)] {
        assert_eq!(issuers.verify(&token, now).await.unwrap_err(), unavailable(pause));
        assert_eq!(server.asked(), asked);
        for second in 1..i64::from(pause) {
            let left = pause - u16::try_from(second).unwrap();
            assert_eq!(issuers.verify(&token, now + second).await.unwrap_err(), unavailable(left));
        }
        assert_eq!(server.asked(), asked);
        now += i64::from(pause);
    }
    server.publishes(&[pair.jwk("k")]);
    assert!(issuers.verify(&token, now).await.is_ok());
}

#[tokio::test]
async fn a_new_key_of_an_issuer_that_is_away_is_no_bad_token() {
    let (server, old, new) =
        (Server::default(), Pair::new(Algorithm::EdDsa), Pair::new(Algorithm::EdDsa));
    server.publishes(&[old.jwk("old")]);
    let issuers = trusting(&server);
    assert!(issuers.verify(&lasting(&old, "old"), NOW).await.is_ok());
    server.is_away();
    let token = lasting(&new, "new");
    assert_eq!(issuers.verify(&token, NOW + 60).await.unwrap_err(), unavailable(30));
    assert_eq!(issuers.verify(&token, NOW + 70).await.unwrap_err(), unavailable(20));
    server.publishes(&[new.jwk("new")]);
    assert!(issuers.verify(&token, NOW + 90).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn prefetched_keys_are_there_before_the_first_request() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    server.publishes(&[pair.jwk("k")]);
    let issuers = trusting(&server);
    assert_eq!(issuers.prefetch(NOW).await, Ok(()));
    assert_eq!(issuers.prefetch(NOW).await, Ok(()));
    assert!(issuers.verify(&lasting(&pair, "k"), NOW).await.is_ok());
    assert_eq!(server.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_prefetch_that_fails_says_why_and_goes_on_trying_until_there_are_keys() {
    let (server, pair) = (Server::default(), Pair::new(Algorithm::EdDsa));
    let issuers = trusting(&server);
    let message = issuers.prefetch(NOW).await.unwrap_err().to_string();
    assert_eq!(message, "cannot get the keys at https://auth.example/jwks.json: away");
    assert!(issuers.prefetch(NOW).await.is_err(), "and starts no second series");
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert!((5..10).contains(&server.asked()), "{}", server.asked());
    server.publishes(&[pair.jwk("k")]);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let asked = server.asked();
    assert!(issuers.verify(&lasting(&pair, "k"), NOW + 26).await.is_ok());
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(server.asked(), asked, "no request, no traffic");
}

/// A server that answers once, and from then on lets its callers wait for 5 s, as the HTTP client does.
#[derive(Clone)]
struct Hanging {
    first: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl Hanging {
    fn publishing(keys: &[Value]) -> Self {
        let first = Arc::new(Mutex::new(Some(published(keys))));
        Self { first, asked: Arc::default() }
    }
}

impl Fetch for Hanging {
    fn fetch<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Fetched> + Send + 'a>> {
        Box::pin(async {
            self.asked.fetch_add(1, SeqCst);
            let first = self.first.lock().unwrap().take();
            if let Some(first) = first {
                return Ok(first);
            }
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            Err("no answer".into())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_issuer_keeps_nobody_waiting_while_there_are_keys() {
    let pair = Pair::new(Algorithm::EdDsa);
    let server = Hanging::publishing(&[pair.jwk("k")]);
    let keys = RemoteKeys::new("https://auth.example/jwks.json", server.clone());
    let issuers = Issuers::new([Issuer::doorward_at("doorward", keys)]);
    let token = lasting(&pair, "k");
    let start = tokio::time::Instant::now();
    for second in (0..4000).step_by(20) {
        assert!(issuers.verify(&token, NOW + second).await.is_ok(), "{second}");
        settled().await;
        assert_eq!(start.elapsed().as_secs(), (second / 20 * 6).unsigned_abs(), "{second}");
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    }
    assert!(server.asked.load(SeqCst) > 90, "it was asked again and again");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_slept_waits_for_a_hanging_issuer_once_and_for_a_second() {
    let pair = Pair::new(Algorithm::EdDsa);
    let keys =
        RemoteKeys::new("https://auth.example/jwks.json", Hanging::publishing(&[pair.jwk("k")]));
    let issuers = Issuers::new([Issuer::doorward_at("doorward", keys)]);
    let token = lasting(&pair, "k");
    assert!(issuers.verify(&token, NOW).await.is_ok());
    let start = tokio::time::Instant::now();
    assert!(issuers.verify(&token, NOW + 4000).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 1);
    for second in 4001..4500 {
        assert!(issuers.verify(&token, NOW + second).await.is_ok());
        assert_eq!(start.elapsed().as_secs(), 1);
    }
}
