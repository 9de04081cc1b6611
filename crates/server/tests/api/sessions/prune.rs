//! Sessions past their absolute limit leave the database, addresses and all; while there is work.

use std::time::Duration;

use super::{refresh, rotate};
use crate::accounts::sql;
use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Client, TestApp};

const DAY: Duration = Duration::from_hours(24);

async fn stored(app: &TestApp) -> i64 {
    let count: Vec<i64> = sql(app, "SELECT count(*) FROM sessions").await;
    count[0]
}

/// A sign-in removes what is over beside its own work.
async fn soon_stored(app: &TestApp, expected: i64) {
    for _ in 0..500 {
        if stored(app).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} sessions are stored, not {expected}", stored(app).await);
}

both! {
    async fn a_session_a_month_past_its_absolute_limit_is_removed_with_a_later_sign_in(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.session_max_ttl = DAY * 30).await;
        let ada = app.sign_up("ada").await;
        app.advance(DAY * 29);
        ada.login("ada@example.com", PASSWORD).await;
        app.advance(DAY * 29);
        let ada = ada.login("ada@example.com", PASSWORD).await;
        assert_eq!(stored(&app).await, 3, "not yet");
        app.advance(DAY * 2 + DAY / 2);
        assert_eq!(stored(&app).await, 3, "nobody asked for anything since");
        let bob = app.sign_up("bob").await;
        soon_stored(&app, 3).await;
        // Ada's last session goes on.
        rotate(&ada, ada.refresh_token.as_ref().unwrap()).await;
        rotate(&bob, bob.refresh_token.as_ref().unwrap()).await;
    }

    async fn the_token_of_a_removed_session_is_merely_invalid(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.session_max_ttl = DAY * 30).await;
        let ada = app.sign_up("ada").await;
        app.advance(DAY * 61);
        app.sign_up("bob").await;
        soon_stored(&app, 1).await;
        let clients: [Client; 2] = [ada.clone(), ada.through(&app.replica().await)];
        for client in clients {
            let token = ada.refresh_token.as_ref().unwrap();
            refresh(&client, token).await.expect_problem(401, "invalid_refresh_token");
            client.get("/auth/me").await.expect(401);
        }
    }

    async fn many_are_removed_in_batches(engine: Engine) {
        const COPY: doorward::sql::Sql = doorward::statement!(
            "COPY",
            "INSERT INTO sessions (id, user_id, salt, created_at, rotated_at, last_seen_at, \
                expires_at, max_expires_at) SELECT :id, s.user_id, s.salt, s.created_at, \
                s.rotated_at, s.last_seen_at, s.expires_at, s.max_expires_at FROM sessions s LIMIT 1"
        );
        let app = TestApp::with(engine, |settings| settings.session_max_ttl = DAY).await;
        app.sign_up("ada").await;
        let steps = (0..2500).map(|number| {
            doorward::step!(COPY { id: uuid::Uuid::from_u128(number) })
        });
        app.app.db.write(steps.collect()).await.expect("stored");
        app.advance(DAY * 32);
        assert_eq!(app.app.sessions().prune().await.expect("pruned"), 2501);
        assert_eq!(app.app.sessions().prune().await.expect("nothing left"), 0);
    }
}
