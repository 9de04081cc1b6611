//! An operator ends one user's sessions, and everybody's.

use doorward::clock::Clock;
use serde_json::json;

use crate::administration::{GOOD, create, ready, refused};
use crate::support::{Client, TestApp};

both! {
    async fn one_user_s_sessions_and_everybody_s_are_ended(engine: Engine) {
        let program = ready(engine).await;
        for name in ["ada", "bob"] {
            create(&program, &format!("{name}@example.com"));
        }
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", program.folder().join("doorward.db").display()),
            Engine::Postgres => program.value("DATABASE_URL"),
        };
        let app = TestApp::over(&url, Clock::system(), 1, |_| {}).await;
        let login = async |name: &str| {
            app.anonymous().login(&format!("{name}@example.com"), GOOD.trim_end()).await
        };
        let (phone, laptop, bob) = (login("ada").await, login("ada").await, login("bob").await);
        program.run(&["session", "revoke", "--user", "ada@example.com"]).expect(0);
        let is_dead = async |client: &Client| {
            client.get("/auth/me").await.expect_problem(401, "invalid_token");
            let body = json!({"refresh_token": client.refresh_token});
            client.post("/auth/refresh", body).await.expect_problem(401, "invalid_refresh_token");
        };
        is_dead(&phone).await;
        is_dead(&laptop).await;
        bob.get("/auth/me").await.expect(200);
        let ada = login("ada").await;
        refused(program.run(&["session", "revoke", "--all"]), 2, "All users will have to sign in again. Confirm with --yes.");
        ada.get("/auth/me").await.expect(200);
        program.run(&["session", "revoke", "--all", "--yes"]).expect(0);
        is_dead(&ada).await;
        is_dead(&bob).await;
    }
}
