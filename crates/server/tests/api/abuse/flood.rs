//! Floods of sign-ins, with the real cost of a hash: everything else goes on.

use std::time::{Duration, Instant};

use doorward::config::HashScheme;
use futures_util::future::join_all;
use serde_json::json;

use crate::both;
use crate::support::{Client, TestApp};

/// 500 at once: half at one account, half at as many others.
async fn flood(client: Client) -> Vec<u16> {
    let tasks = (0..500).map(|number| {
        let client = client.clone();
        let email = if number % 2 == 0 {
            "ada@example.com".into()
        } else {
            format!("x{number}@example.com")
        };
        let body = json!({"email": email, "password": "not it, not at all"});
        tokio::spawn(async move { client.post("/auth/login", body).await.status })
    });
    join_all(tasks).await.into_iter().map(|status| status.expect("no panic")).collect()
}

both! {
    async fn a_login_flood_leaves_health_and_reads_alone(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.password_hash = HashScheme::default()).await;
        let ada = app.sign_up("ada").await;
        let flood = tokio::spawn(flood(app.anonymous()));
        let mut slowest = [Duration::ZERO; 2];
        while !flood.is_finished() {
            for (slowest, path) in slowest.iter_mut().zip(["/health", "/auth/me"]) {
                let began = Instant::now();
                ada.get(path).await.expect(200);
                *slowest = began.elapsed().max(*slowest);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let statuses = flood.await.expect("a flood");
        assert!(statuses.iter().all(|status| [401, 429, 503].contains(status)), "{statuses:?}");
        assert!(slowest.iter().all(|time| *time < Duration::from_secs(1)), "{slowest:?}");
        // Nobody is worse off afterwards: what was refused for want of room was no guess.
        let guesses = statuses.iter().filter(|status| **status == 401).count();
        assert!(guesses >= 10, "{guesses}");
        ada.get("/api/tasks").await.expect(200);
    }
}
