//! Tokens of key pairs that were used, whose signature is therefore remembered as proven: what ends the
//! session ends them all the same.

use serde_json::json;

use super::pairs::{PAIRS, signing_with};
use crate::both;
use crate::support::client::PASSWORD;

both! {
    async fn a_used_token_ends_with_its_session(engine: Engine) {
        for algorithm in PAIRS {
            let app = signing_with(engine, algorithm).await;
            let replica = app.replica().await;
            let (ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
            let there = ada.through(&replica);
            for _ in 0..2 {
                ada.get("/auth/me").await.expect(200);
                there.get("/auth/me").await.expect(200);
                bob.get("/auth/me").await.expect(200);
            }
            ada.post_empty("/auth/logout").await.expect(204);
            for client in [&ada, &there] {
                client.get("/auth/me").await.expect_problem(401, "invalid_token");
                let title = json!({"title": "x"});
                client.post("/api/tasks", title).await.expect_problem(401, "invalid_token");
            }
            bob.get("/auth/me").await.expect(200);
        }
    }

    async fn a_used_token_ends_with_the_account_that_an_administrator_closes(engine: Engine) {
        for algorithm in PAIRS {
            let app = signing_with(engine, algorithm).await;
            let replica = app.replica().await;
            let ada = app.admin("ada").await.login("ada@example.com", PASSWORD).await;
            for (name, change) in [
                ("bob", json!({"is_active": false})),
                ("eve", json!({"banned_until": "9999-12-31T23:59:59Z"})),
            ] {
                let closed = app.sign_up(name).await;
                let there = closed.through(&replica);
                for _ in 0..2 {
                    closed.get("/auth/me").await.expect(200);
                    there.get("/auth/me").await.expect(200);
                }
                ada.patch(&closed.at(""), change).await.expect(200);
                for client in [&closed, &there] {
                    client.get("/auth/me").await.expect_problem(401, "invalid_token");
                }
            }
            ada.get("/auth/me").await.expect(200);
        }
    }
}
