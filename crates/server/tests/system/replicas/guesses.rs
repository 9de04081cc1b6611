//! Guesses at a password, spread over two processes: they share one count, in the database.

use futures_util::future::join_all;
use serde_json::json;

use crate::replicas::pair::Pair;
use crate::support::Client;

async fn guess(client: &Client, email: &str) -> u16 {
    client.post("/auth/login", json!({"email": email, "password": "not it"})).await.status
}

both! {
    async fn guesses_spread_over_two_processes_gain_none_and_survive_a_crash_of_one(engine: Engine) {
        let mut pair = Pair::start(engine).await;
        pair.sign_up("ada").await;
        for email in ["ada@example.com", "nobody@example.com"] {
            let guesses = (0..60).map(|number| {
                let client = pair.client(number).from(&format!("203.0.113.{number}"));
                tokio::spawn(async move { guess(&client, email).await })
            });
            let statuses = join_all(guesses.collect::<Vec<_>>()).await;
            let statuses: Vec<u16> = statuses.into_iter().map(|it| it.expect("no panic")).collect();
            let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
            assert_eq!((count(401), count(429)), (10, 50), "{email}: {statuses:?}");
        }
        pair.restart_one().await;
        for email in ["ada@example.com", "nobody@example.com"] {
            for number in 0..4 {
                assert_eq!(guess(&pair.client(number).from("203.0.113.77"), email).await, 429, "{email}");
            }
        }
    }
}
