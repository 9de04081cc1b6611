//! A made-up API key of somebody takes the time of one that was revoked, and of one of nobody.

use std::time::Instant;

use doorward::crypto::Random;
use doorward::keys::PresentedKey;
use serde_json::json;
use uuid::Uuid;

use crate::TURN;
use crate::support::{Client, TestApp};

/// Number of pairs before a comparison, repeated while the samples seem to differ.
const PAIRS: usize = 200;
/// Noise is gone by then: a difference that is left is a leak.
const MOST_PAIRS: usize = 20 * PAIRS;
/// The part of the whole that the two may differ by.
const PART: f64 = 0.05;

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

async fn time(client: &Client) -> f64 {
    let began = Instant::now();
    client.get("/api/tasks").await.expect(401);
    began.elapsed().as_secs_f64()
}

/// Each pair is taken in one moment, in alternating order.
async fn compare(what: &str, known: &Client, unknown: impl Fn() -> Client) {
    let (mut whole, mut differences) = (Vec::new(), Vec::new());
    loop {
        for _ in 0..PAIRS {
            let unknown = unknown();
            let (one, other) = if differences.len() % 2 == 0 {
                let one = time(known).await;
                (one, time(&unknown).await)
            } else {
                let other = time(&unknown).await;
                (time(known).await, other)
            };
            whole.push(one);
            differences.push(one - other);
        }
        let (all, gap) = (median(&whole), median(&differences));
        if gap.abs() <= all * PART {
            return;
        }
        assert!(differences.len() < MOST_PAIRS, "{what}: {all:.6} s, {gap:+.6} s less if unknown");
    }
}

both! {
    async fn a_made_up_key_takes_as_long_as_a_key_that_is_there_and_counts_no_more(engine: Engine) {
        let _turn = TURN.lock().await;
        let app = TestApp::with(engine, |settings| settings.rate_limit_api_key = None).await;
        let ada = app.sign_up("ada").await;
        let made = async |fields: serde_json::Value| {
            let made = ada.post("/auth/keys", fields).await.expect(201).json();
            (ada.with_token(made["key"].as_str().expect("a key")), made["id"].as_str().expect("an id").to_owned())
        };
        let (revoked, id) = made(json!({"name": "x", "scopes": ["tasks:read"]})).await;
        ada.delete(&format!("/auth/keys/{id}")).await.expect(204);
        let (expired, _) =
            made(json!({"name": "x", "scopes": ["tasks:read"], "expires_at": "2026-11-20T12:00:01Z"})).await;
        app.advance(std::time::Duration::from_secs(1));
        let random = Random::system();
        let of_ada = || ada.with_token(&PresentedKey::mint(&random, ada.id()).1);
        let of_nobody = || ada.with_token(&PresentedKey::mint(&random, Uuid::from_u128(7)).1);
        compare("a revoked key", &revoked, of_ada).await;
        compare("an expired key", &expired, of_ada).await;
        compare("a revoked key and nobody's", &revoked, of_nobody).await;
    }
}
