//! `DELETE /auth/keys/{id}`.

use serde_json::json;

use crate::both;
use crate::support::TestApp;

both! {
    async fn a_revoked_key_is_dead_at_once_in_every_process(engine: Engine) {
        let app = TestApp::start(engine).await;
        let replica = app.replica().await;
        let ada = app.sign_up("ada").await;
        let made = ada.makes_key(json!({"scopes": ["tasks:read", "tasks:write"]})).await;
        let program = ada.with_token(made["key"].as_str().unwrap());
        let other = program.through(&replica);
        other.get("/api/tasks").await.expect(200);
        let at = format!("/auth/keys/{}", made["id"].as_str().unwrap());
        ada.delete(&at).await.expect(204);
        for client in [&program, &other] {
            let refused = client.get("/api/tasks").await.expect_problem(401, "invalid_token");
            assert!(refused.text().contains("This API key is unknown, expired or revoked"));
            client.post("/api/tasks", json!({"title": "x"})).await.expect_problem(401, "invalid_token");
            client.post("/api/tasks", json!({})).await.expect_problem(401, "invalid_token");
        }
        ada.delete(&at).await.expect_problem(404, "not_found");
        assert_eq!(ada.get("/auth/keys").await.json(), json!([]));
        let events = app.audited(&app.admin("root").await, "api_key.revoke").await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["detail"], made["id"]);
    }

    async fn of_ten_who_revoke_at_once_one_does_and_the_log_says_so_once(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.sign_up("ada").await;
        let made = ada.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let at = format!("/auth/keys/{}", made["id"].as_str().unwrap());
        let replies = futures_util::future::join_all((0..10).map(|_| ada.delete(&at))).await;
        let done = replies.iter().filter(|reply| reply.status == 204).count();
        let missing = replies.iter().filter(|reply| reply.status == 404).count();
        assert_eq!((done, missing), (1, 9));
        assert_eq!(app.audited(&app.admin("root").await, "api_key.revoke").await.len(), 1);
    }

    async fn nobody_revokes_anothers_key_here(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        let made = ada.makes_key(json!({"scopes": ["tasks:read"]})).await;
        let at = format!("/auth/keys/{}", made["id"].as_str().unwrap());
        eve.delete(&at).await.expect_problem(404, "not_found");
        eve.delete("/auth/keys/x").await.expect_problem(422, "validation");
        app.anonymous().delete(&at).await.expect_problem(401, "not_authenticated");
        ada.with_token(made["key"].as_str().unwrap()).get("/api/tasks").await.expect(200);
    }
}
