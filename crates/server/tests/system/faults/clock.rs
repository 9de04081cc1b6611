//! Clocks that jump: what has ended stays ended, what is good for a time is good no longer than that, and
//! nothing panics.

use std::time::Duration;

use serde_json::json;

use crate::support::TestApp;
use crate::support::client::PASSWORD;

const QUARTER: Duration = Duration::from_mins(15);
const HOUR: Duration = Duration::from_hours(1);
const MONTH: Duration = Duration::from_hours(31 * 24);

both! {
    async fn a_clock_that_jumps_enforces_lifetimes_and_revives_nothing(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.access_token_ttl = QUARTER).await;
        let ada = app.sign_up("ada").await;
        let laptop = ada.login("ada@example.com", PASSWORD).await;
        laptop.post_empty("/auth/logout").await.expect(204);

        // A quarter of an hour and a minute: tokens are over, sessions are not.
        app.advance(QUARTER + Duration::from_mins(1));
        ada.get("/auth/me").await.expect_problem(401, "token_expired");
        let refresh = json!({"refresh_token": ada.refresh_token.clone().expect("a token")});
        let next = ada.post("/auth/refresh", refresh.clone()).await.expect(200).json();
        let ada = ada.with_token(next["access_token"].as_str().expect("a token"));
        ada.get("/auth/me").await.expect(200);

        // An hour back: what was ended before the jump and after the hour's beginning stays ended.
        app.clock.rewind(HOUR);
        laptop.get("/auth/me").await.expect(401);
        let ended = json!({"refresh_token": laptop.refresh_token.clone().expect("a token")});
        laptop.post("/auth/refresh", ended.clone()).await.expect(401);
        for path in ["/health", "/readyz", "/livez"] {
            ada.get(path).await.expect(200);
        }
        // Her token is from the future now. Whether it counts is the verifier's affair; it breaks nothing.
        let answer = ada.get("/auth/me").await;
        assert!([200, 401].contains(&answer.status), "{}", answer.text());
        let again = ada.login("ada@example.com", PASSWORD).await;
        again.get("/auth/me").await.expect(200);
        again.post("/api/tasks", json!({"title": "made in the past"})).await.expect(201);

        // Back where it was, and a month on: nobody is signed in any more.
        app.advance(HOUR + MONTH);
        let new = json!({"refresh_token": next["refresh_token"]});
        for token in [&refresh, &new, &ended] {
            ada.post("/auth/refresh", token.clone()).await.expect(401);
        }
        ada.get("/auth/me").await.expect(401);
        // An hour back, what was over an hour ago still is.
        app.clock.rewind(HOUR);
        ada.post("/auth/refresh", new).await.expect(401);
        again.get("/auth/me").await.expect(401);
        let ada = ada.login("ada@example.com", PASSWORD).await;
        let tasks = ada.get("/api/tasks").await.expect(200).json();
        assert_eq!(tasks.as_array().map(Vec::len), Some(1));
    }
}
