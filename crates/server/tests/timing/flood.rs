//! Floods of sign-ins, with the real cost of a hash: everything else goes on.

use doorward::config::HashScheme;
use futures_util::future::join_all;
use serde_json::json;

use crate::TURN;
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
    /// What is counted is answers against hashes, because a busy machine slows both: hashing where
    /// requests are answered would give an answer for each ten hashes, not ten for each.
    async fn a_login_flood_leaves_health_and_reads_alone(engine: Engine) {
        let _turn = TURN.lock().await;
        let app = TestApp::with(engine, |settings| settings.password_hash = HashScheme::default()).await;
        let ada = app.sign_up("ada").await;
        let hashing = &app.app.passwords.hashing;
        let (before, mut answers) = (hashing.hashes_computed(), 0);
        let flood = tokio::spawn(flood(app.anonymous()));
        while !flood.is_finished() {
            for path in ["/health", "/auth/me"] {
                let ada = ada.clone();
                let answer = tokio::spawn(async move { ada.get(path).await });
                answers += u64::from(answer.await.expect("no panic").status == 200);
            }
        }
        let hashes = hashing.hashes_computed() - before;
        assert!(hashes > 0 && answers >= hashes, "{answers} answers beside {hashes} hashes");
        let statuses = flood.await.expect("a flood");
        assert!(statuses.iter().all(|status| [401, 429, 503].contains(status)), "{statuses:?}");
        // Nobody is worse off afterwards: what was refused for want of room was no guess.
        let guesses = statuses.iter().filter(|status| **status == 401).count();
        assert!(guesses >= 10, "{guesses}");
        ada.get("/api/tasks").await.expect(200);
    }
}
