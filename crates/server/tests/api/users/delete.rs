//! `DELETE /admin/users/{id}`.

use doorward::sql::Sql;
use doorward::{statement, step};
use serde_json::json;

use crate::both;
use crate::support::TestApp;
use crate::support::client::PASSWORD;

both! {
    async fn nothing_is_remembered_of_guesses_at_the_password_of_a_deleted_user(engine: Engine) {
        const OTHERS: Sql = statement!("OTHERS", "SELECT count(*) FROM login_guards g WHERE g.account <> :admin");
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        let guess = json!({"email": "bob@example.com", "password": "not it"});
        for place in ["203.0.113.7", "198.51.100.9"] {
            app.anonymous().from(place).post("/auth/login", guess.clone()).await.expect(401);
            app.anonymous().from(place).login("bob@example.com", PASSWORD).await;
        }
        let admin: uuid::Uuid = ada.user["id"].as_str().expect("an id").parse().expect("a UUID");
        let others = async || app.app.db.find::<i64>(step!(OTHERS { admin })).await.expect("a row");
        assert_ne!(others().await, Some(0));
        ada.delete(&bob.at("")).await.expect(204);
        assert_eq!(others().await, Some(0));
    }

    async fn a_deleted_user_is_gone_with_all_that_is_theirs(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let bob = app.sign_up("bob").await;
        bob.post("/api/tasks", json!({"title": "milk"})).await.expect(201);
        ada.delete(&bob.at("")).await.expect(204);
        bob.get("/auth/me").await.expect_problem(401, "invalid_token");
        bob.get("/api/tasks").await.expect_problem(401, "invalid_token");
        ada.get(&bob.at("")).await.expect_problem(404, "not_found");
        ada.delete(&bob.at("")).await.expect_problem(404, "not_found");
        let again = app.sign_up("bob").await;
        assert_ne!(again.user["id"], bob.user["id"]);
        assert_eq!(again.get("/api/tasks").await.expect(200).json(), json!([]));
        let records = app.audited(&ada, "account.delete").await;
        assert_eq!(records.len(), 1);
        assert_eq!((&records[0]["actor_id"], &records[0]["subject_id"]), (&ada.user["id"], &bob.user["id"]));
        assert!(!records[0].to_string().contains("bob@"), "the log keeps ids alone");
    }
}
