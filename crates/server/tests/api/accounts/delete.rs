//! `DELETE /auth/me`.

use doorward::config::AccountDeletion;
use serde_json::json;

use super::{grant_admin, set_active, sql};
use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

async fn count(app: &TestApp, text: &'static str) -> i64 {
    sql(app, text).await[0]
}

both! {
    async fn deletion_needs_the_password_and_takes_everything_along(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let phone = ada.login("ada@example.com", PASSWORD).await;
        for owner in [&ada, &eve] {
            owner.post("/api/tasks", json!({"title": "one"})).await.expect(201);
        }
        ada.delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(204);
        for client in [&ada, &phone] {
            client.get("/auth/me").await.expect_problem(401, "invalid_token");
            let body = json!({"refresh_token": client.refresh_token});
            client.post("/auth/refresh", body).await.expect_problem(401, "invalid_refresh_token");
        }
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anonymous().post("/auth/login", body).await.expect_problem(401, "invalid_credentials");
        assert_eq!(count(&app, "SELECT count(*) FROM users").await, 1);
        assert_eq!(count(&app, "SELECT count(*) FROM sessions").await, 1);
        assert_eq!(count(&app, "SELECT count(*) FROM tasks").await, 1);
        assert_eq!(count(&app, "SELECT count(*) FROM user_roles").await, 1);
        eve.get("/auth/me").await.expect(200);
        app.sign_up("ada").await;
    }

    async fn without_a_password_only_a_recent_sign_in_deletes_and_only_by_setting(engine: Engine) {
        let setting = AccountDeletion::Fresh;
        let app = TestApp::with(engine, |settings| settings.account_deletion = setting).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        ada.delete_with("/auth/me", json!({"password": "wrong password"})).await.expect_problem(403, "wrong_password");
        ada.delete("/auth/me").await.expect(204);
        ada.get("/auth/me").await.expect_problem(401, "invalid_token");
        app.advance(std::time::Duration::from_mins(16));
        eve.delete("/auth/me").await.expect_problem(401, "insufficient_user_authentication");
        eve.get("/auth/me").await.expect(200);
    }

    async fn a_wrong_or_missing_password_deletes_nothing(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let send = async |body| ada.delete_with("/auth/me", body).await;
        send(json!({"password": "wrong"})).await.expect_problem(403, "wrong_password");
        send(json!({})).await.expect_problem(422, "validation");
        send(json!({"password": null})).await.expect_problem(422, "validation");
        app.anonymous().delete_with("/auth/me", json!({"password": PASSWORD})).await.expect(401);
        ada.get("/auth/me").await.expect(200);
    }

    async fn the_last_active_admin_stays(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        grant_admin(&app, "ada@example.com").await;
        grant_admin(&app, "eve@example.com").await;
        set_active(&app, "eve@example.com", false).await;
        let body = json!({"password": PASSWORD});
        ada.delete_with("/auth/me", body.clone()).await.expect_problem(409, "last_admin");
        ada.get("/auth/me").await.expect(200);
        set_active(&app, "eve@example.com", true).await;
        ada.delete_with("/auth/me", body.clone()).await.expect(204);
        eve.delete_with("/auth/me", body).await.expect_problem(409, "last_admin");
    }

    async fn two_admins_who_leave_at_once_cannot_both_go(engine: Engine) {
        for _ in 0..5 {
            let app = TestApp::start(engine).await;
            let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
            let eve = eve.through(&app.replica().await);
            grant_admin(&app, "ada@example.com").await;
            grant_admin(&app, "eve@example.com").await;
            let body = || json!({"password": PASSWORD});
            let (one, other) =
                tokio::join!(ada.delete_with("/auth/me", body()), eve.delete_with("/auth/me", body()));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409]);
        }
    }
}

/// The same race, held open: the deletion must wait for whoever is removing another admin, and see
/// the outcome.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_who_leaves_waits_for_the_other_one_to_be_gone() {
    let app = TestApp::start(crate::support::Engine::Postgres).await;
    let (_, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
    grant_admin(&app, "ada@example.com").await;
    grant_admin(&app, "eve@example.com").await;
    let database = app.url.rsplit('/').next().unwrap();
    let other = crate::support::postgres::shared().connect(database).await;
    other
        .batch_execute(
            "BEGIN; UPDATE roles SET description = description WHERE name = 'admin'; \
             DELETE FROM users WHERE email_key = 'ada@example.com'",
        )
        .await
        .unwrap();
    let leaving =
        tokio::spawn(
            async move { eve.delete_with("/auth/me", json!({"password": PASSWORD})).await },
        );
    let waiting = "SELECT 1 FROM pg_stat_activity \
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while other.query(waiting, &[]).await.unwrap().is_empty() {
        assert!(!leaving.is_finished(), "{:?}", leaving.await);
        assert!(std::time::Instant::now() < deadline, "nobody waits");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    other.batch_execute("COMMIT").await.unwrap();
    leaving.await.unwrap().expect_problem(409, "last_admin");
}
