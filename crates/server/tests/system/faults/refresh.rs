//! SIGKILL while clients refresh: a token never gets two successors, whoever has asked before or asks
//! again afterwards; nobody honest is signed out, and a thief still is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::client::PASSWORD;
use crate::support::postgres;
use crate::support::process::{Server, call};

const CHAINS: usize = 8;
const ROUNDS: usize = 3;

/// What was answered to each token.
type Successors = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

async fn refresh(port: u16, token: &str) -> Option<(u16, Value)> {
    call(port, "POST", "/auth/refresh", None, Some(&json!({"refresh_token": token}))).await
}

fn successor(body: &Value) -> String {
    body["refresh_token"].as_str().expect("a token").to_owned()
}

/// Two tabs refresh with the same token, again and again, until the server stops answering one of
/// them; the token that they had then.
async fn chain(port: u16, mut token: String, seen: Successors, done: Arc<AtomicUsize>) -> String {
    loop {
        let (one, two) = tokio::join!(refresh(port, &token), refresh(port, &token));
        let both = one.is_some() && two.is_some();
        let mut next = token.clone();
        for (status, body) in [one, two].into_iter().flatten() {
            assert_eq!(status, 200, "{body}");
            next = successor(&body);
            let mut seen = seen.lock().expect("no chain panics");
            seen.entry(token.clone()).or_default().insert(next.clone());
        }
        if !both {
            return token;
        }
        done.fetch_add(1, Ordering::SeqCst);
        token = next;
    }
}

/// Kills the server over this database while clients refresh, three times.
async fn kill_in_mid_refresh(url: &str, dir: &Path) {
    let settings = ["RATE_LIMIT_LOGIN", "RATE_LIMIT_REFRESH"].map(|name| (name, "off".to_owned()));
    let mut server = Server::with(url, dir, &settings).await;
    let account = json!({"email": "ada@example.com", "password": PASSWORD});
    let made = server.call("POST", "/auth/register", None, Some(&account)).await;
    assert_eq!(made.expect("an answer").0, 201);
    let mut tokens = Vec::new();
    for _ in 0..CHAINS {
        let signed_in = server.call("POST", "/auth/login", None, Some(&account)).await;
        tokens.push(successor(&signed_in.expect("an answer").1));
    }
    let seen = Successors::default();
    for _ in 0..ROUNDS {
        let done = Arc::new(AtomicUsize::new(0));
        let chains: Vec<_> = tokens
            .drain(..)
            .map(|token| chain(server.port, token, seen.clone(), done.clone()))
            .map(tokio::spawn)
            .collect();
        while done.load(Ordering::SeqCst) < 15 * CHAINS {
            assert!(chains.iter().any(|chain| !chain.is_finished()), "the chains stopped early");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        server.kill();
        let mut last = Vec::new();
        for chain in chains {
            last.push(chain.await.expect("no chain panics"));
        }
        server = Server::with(url, dir, &settings).await;
        for token in last {
            // Never sent, sent and lost, or answered to one of the two: all the same to the client.
            for _ in 0..2 {
                let (status, body) = refresh(server.port, &token).await.expect("an answer");
                assert_eq!(status, 200, "nobody has stolen anything: {body}");
                let mut seen = seen.lock().expect("no chain panics");
                let all = seen.entry(token.clone()).or_default();
                all.insert(successor(&body));
                assert_eq!(all.len(), 1, "two successors of one token");
            }
            let next = seen.lock().expect("no chain panics")[&token].first().cloned();
            tokens.push(next.expect("a successor"));
        }
    }
    let seen = seen.lock().expect("no chain panics").clone();
    assert!(seen.values().all(|successors| successors.len() == 1), "{seen:?}");
    assert!(seen.len() >= ROUNDS * CHAINS * 15, "only {} tokens were used", seen.len());
    // A thief comes too late by two steps, at a server that has not seen the session before.
    for stolen in tokens {
        let (_, body) = refresh(server.port, &stolen).await.expect("an answer");
        let current = successor(&refresh(server.port, &successor(&body)).await.expect("one").1);
        let (status, body) = refresh(server.port, &stolen).await.expect("an answer");
        assert_eq!((status, &body["code"]), (401, &json!("refresh_token_reused")), "{body}");
        assert_eq!(refresh(server.port, &current).await.expect("an answer").0, 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_has_one_successor_across_kills_on_sqlite() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let url = format!("sqlite:{}", dir.path().join("doorward.db").display());
    kill_in_mid_refresh(&url, dir.path()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_has_one_successor_across_kills_on_postgres() {
    let dir = tempfile::tempdir().expect("a temp dir");
    kill_in_mid_refresh(&postgres::fresh_database().await, dir.path()).await;
}
